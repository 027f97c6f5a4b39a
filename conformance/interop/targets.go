package main

import "context"

var meltanoLabsTarget = &environment{name: "meltanolabs-target-postgres", packages: []string{"meltanolabs-target-postgres==0.8.1"}}
var pipelineWiseTarget = &environment{name: "pipelinewise-target-postgres", packages: []string{"pipelinewise-target-postgres==2.1.2"}}

func targetSteps(ctx context.Context, l *lab) ([]step, error) { return nil, nil }
