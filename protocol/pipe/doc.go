// Package pipe gives the pipe between two programs more room, so that they wait less for each other.
//
// What it promises: any other file stays as it is, and so does a pipe whose size somebody has chosen. Where more room is not to be had
// nothing happens.
package pipe
