package main

import "context"

var meltanoLabsTap = &environment{name: "meltanolabs-tap-postgres", packages: []string{"meltanolabs-tap-postgres==0.10.0"}}
var pipelineWiseTap = &environment{name: "pipelinewise-tap-s3-csv", packages: []string{"pipelinewise-tap-s3-csv==3.0.1"}}

func tapSteps(ctx context.Context, l *lab) ([]step, error) { return nil, nil }
