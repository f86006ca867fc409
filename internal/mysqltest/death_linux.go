package mysqltest

import "syscall"

// endWithParent makes our own death stop the server, so that a killed test
// leaves nothing.
func endWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGKILL }
