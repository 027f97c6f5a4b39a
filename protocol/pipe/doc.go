// Package pipe sizes the pipe that a program is an end of.
package pipe
