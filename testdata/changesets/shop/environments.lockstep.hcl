environment "dev" {
  var_files = ["env/dev.lockstepvars.hcl"]
}

environment "staging" {
  depends_on = [environment.dev]
  var_files  = ["env/staging.lockstepvars.hcl"]
  soak_time  = "3s" # hours or days in real life
}

environment "production" {
  depends_on = [environment.staging]
  var_files  = ["env/production.lockstepvars.hcl"]
  protected  = true
}
