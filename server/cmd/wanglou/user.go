package main

// UserCmd groups what an administrator does with accounts from the command line.
type UserCmd struct{}
