package terraform_test

const victimArgument = "act-as-victim"

func victim(string) int { return 0 }
