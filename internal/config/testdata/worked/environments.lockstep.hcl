environment "dev" {
  var_files = ["env/dev.lockstepvars.hcl"]
}

environment "staging" {
  depends_on = [environment.dev]
  var_files  = ["env/dev.lockstepvars.hcl"]
  soak_time  = "30m"
}

environment "production" {
  depends_on = [environment.staging]
  var_files  = ["env/production.lockstepvars.hcl"]
  protected  = true
}
