//go:build !linux

package mysqltest

import "syscall"

func endWithParent(*syscall.SysProcAttr) {}
