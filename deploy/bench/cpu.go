package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ticksPerSecond is the unit of /proc/<pid>/stat, the same on every Linux that Go runs on.
const ticksPerSecond = 100

// processCPUSeconds returns the processor time, in user and kernel mode, that a process has spent so far.
func processCPUSeconds(pid int) (float64, error) {
	fields, err := processStat(pid)
	if err != nil {
		return 0, err
	}
	user, err := strconv.ParseFloat(fields[11], 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseFloat(fields[12], 64)
	if err != nil {
		return 0, err
	}
	return (user + system) / ticksPerSecond, nil
}

// processStat returns the fields of /proc/<pid>/stat behind the name: the state, the parent, …; the times are the 12th and the 13th of them.
func processStat(pid int) ([]string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	// The second field is the name in brackets, which may hold anything.
	_, rest, ok := strings.Cut(string(b[strings.LastIndexByte(string(b), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return nil, fmt.Errorf("/proc/%d/stat: %q", pid, b)
	}
	return fields, nil
}

// treeCPUSeconds is processCPUSeconds of a process and of those that it runs now.
func treeCPUSeconds(pid int) (float64, error) {
	total, err := processCPUSeconds(pid)
	if err != nil {
		return 0, err
	}
	all, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	for _, entry := range all {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		fields, err := processStat(child)
		if err != nil || fields[1] != strconv.Itoa(pid) {
			continue // it has ended meanwhile, or is another's
		}
		if used, err := processCPUSeconds(child); err == nil {
			total += used
		}
	}
	return total, nil
}

// ownCPUSeconds returns the processor time that this program has spent so far.
func ownCPUSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // fails for bad arguments alone
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime)
}
