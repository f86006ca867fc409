package config

import "encoding/json"

func changeSetBlock() BlockDoc {
	blocks := []BlockDoc{terraformBlock(), migrationBlock(), backfillBlock()}
	blocks = append(blocks, artifactBlocks()...)
	blocks = append(blocks, deploymentBlocks()...)
	blocks = append(blocks, checkBlocks()...)
	blocks = append(blocks,
		phaseBlock(),
		rollbackBlock(),
		unsupported("flag", "A release switch.", "type", "name"),
		unsupported("rollout", "Release in steps."),
		unsupported("evidence", "Results of tests and scans.", "type", "name"),
	)
	return BlockDoc{
		Type: "change_set", Labels: []string{"name"}, Supported: true, Repeatable: true,
		Doc: "What changes together: infrastructure, schema, application.",
		Arguments: []ArgumentDoc{
			{Name: "description", Type: TypeString, Constant: true, Doc: "What changes and why, for reviewers."},
			{Name: "owner", Type: TypeString, Constant: true, Doc: "Who answers for it."},
			{Name: "links", Type: TypeStrings, Constant: true, Doc: "Issues and documents."},
			{Name: "labels", Type: TypeStringMap, Constant: true, Doc: "Free words for searching."},
			{Name: "depends_on", Type: TypeChangeSets, Doc: "Change sets that the environment must have before."},
			{Name: "environments", Type: TypeStrings, Constant: true, Doc: "Names of the environments it is for; all when left out."},
		},
		Blocks: blocks,
	}
}

func dependsOn() ArgumentDoc {
	return ArgumentDoc{Name: "depends_on", Type: TypeBlocks, Doc: "Blocks of this change set that must be done before."}
}

func timeoutArgument(doc string) ArgumentDoc {
	return ArgumentDoc{Name: "timeout", Type: TypeDuration, Doc: doc}
}

func terraformBlock() BlockDoc {
	return BlockDoc{
		Type: "terraform", Labels: []string{"name"}, Supported: true, Repeatable: true,
		Doc: "A Terraform root module.",
		Arguments: []ArgumentDoc{
			{Name: "source", Type: TypePath, Required: true, Constant: true, Doc: "Folder of the module."},
			{Name: "inputs", Type: TypeObject, Doc: "Values of the module's variables."},
			{Name: "allowed_actions", Type: TypeStrings, OneOf: []string{"create", "update", "delete", "replace", "read", "no-op", "forget"}, Doc: "Actions that the plan may hold; all when left out."},
			{Name: "accept_drift", Type: TypePatterns, Doc: "Addresses of resources, with * for anything, that somebody changed outside of Terraform and that the plan may change back; without it such a plan is refused."},
			{Name: "workspace", Type: TypeString, Doc: "Terraform workspace; the environment's name on a shared backend when left out."},
			{Name: "backend_config", Type: TypeStringMap, Doc: "Settings of the module's backend."},
			timeoutArgument("How long one apply may take."),
			{Name: "phase", Type: TypeString, Unsupported: true, Doc: "Phase to run in."},
			dependsOn(),
		},
		Exports: []ArgumentDoc{{Name: "outputs", Type: TypeObject, Doc: "The module's outputs by name."}},
	}
}

func migrationBlock() BlockDoc {
	return BlockDoc{
		Type: "migration", Labels: []string{"name"}, Supported: true, Repeatable: true,
		Doc: "SQL migrations of a database, up to a version.",
		Arguments: []ArgumentDoc{
			{Name: "database", Type: TypeDatabase, Required: true, Doc: "The database to migrate."},
			{Name: "version", Type: TypeVersion, Constant: true, Doc: "Everything up to it; the newest file when left out."},
			{Name: "expected_version", Type: TypeVersion, Constant: true, Doc: "For a database that can be looked at only while the plan is carried out: the version that it is at by then. Left out, it has to be empty. A database that is found otherwise stops the run before anything is changed in it."},
			timeoutArgument("How long one file may take."),
			dependsOn(),
		},
	}
}

func artifactBlocks() []BlockDoc {
	digest := ArgumentDoc{Name: "digest", Type: TypeDigest, Doc: "sha256:HEX that the content must have."}
	exports := []ArgumentDoc{
		{Name: "address", Type: TypeString, Doc: "The block's address."},
		{Name: "digest", Type: TypeDigest, Doc: "Digest of the content."},
		{Name: "path", Type: TypeAnyPath, Doc: "Where the content is on this machine."},
		{Name: "pinned", Type: TypeString, Doc: "The source with its digest."},
	}
	labels := []string{"type", "name"}
	return []BlockDoc{
		{
			Type: "artifact", Driver: "file", Labels: labels, Supported: true, Repeatable: true,
			Doc:       "A built application as a file.",
			Arguments: []ArgumentDoc{{Name: "path", Type: TypeAnyPath, Required: true, Doc: "The file, relative to the project."}, digest, dependsOn()},
			Exports:   exports,
		},
		{
			Type: "artifact", Driver: "http", Labels: labels, Supported: true, Repeatable: true,
			Doc: "A built application behind a URL.",
			Arguments: []ArgumentDoc{
				{Name: "url", Type: TypeHTTPURL, Required: true, Doc: "Where it is."},
				{Name: "headers", Type: TypeStringMap, Doc: "Headers of the request."},
				digest, dependsOn(),
			},
			Exports: exports,
		},
		unsupportedDriver("artifact", "oci", "An image in a registry."),
		unsupportedDriver("artifact", "artifactory", "A file in Artifactory."),
	}
}

func deploymentBlocks() []BlockDoc {
	artifact := ArgumentDoc{Name: "artifact", Type: TypeArtifact, Doc: "What is deployed."}
	variables := ArgumentDoc{Name: "environment_variables", Type: TypeStringMap, Doc: "Environment variables of the commands."}
	labels := []string{"type", "name"}
	required := artifact
	required.Required = true
	return []BlockDoc{
		{
			Type: "deployment", Driver: "directory", Labels: labels, Supported: true, Repeatable: true,
			Doc: "Releases in a folder, with a link to the current one.",
			Arguments: []ArgumentDoc{
				required,
				{Name: "path", Type: TypeAnyPath, Required: true, Doc: "Folder that gets releases/DIGEST and current."},
				{Name: "keep", Type: TypeCount, Default: json.RawMessage("5"), Doc: "How many releases stay."},
				{Name: "restart_command", Type: TypeStrings, Doc: "Runs after the link has moved."},
				{Name: "stop_command", Type: TypeStrings, Doc: "Runs when there is no release to go back to."},
				timeoutArgument("How long the commands may take."),
				variables, dependsOn(),
			},
		},
		{
			Type: "deployment", Driver: "exec", Labels: labels, Supported: true, Repeatable: true,
			Doc: "A command that deploys.",
			Arguments: []ArgumentDoc{
				artifact,
				{Name: "command", Type: TypeStrings, Required: true, Doc: "Program and arguments; no shell."},
				{Name: "check_command", Type: TypeStrings, Doc: "Exit 0 when the artifact is deployed; asked after a crash."},
				{Name: "rollback_command", Type: TypeStrings, Doc: "Takes the deployment back."},
				{Name: "working_dir", Type: TypePath, Default: text("."), Doc: "Folder in which the commands run."},
				timeoutArgument("How long a command may take."),
				variables, dependsOn(),
			},
		},
		unsupportedDriver("deployment", "ssh", "Releases on other machines."),
		unsupportedDriver("deployment", "kubernetes", "A Kubernetes workload."),
	}
}

func checkBlocks() []BlockDoc {
	check := func(driver, doc string, own ...ArgumentDoc) BlockDoc {
		return BlockDoc{
			Type: "check", Driver: driver, Labels: []string{"type", "name"}, Supported: true, Repeatable: true,
			Doc:       doc,
			Arguments: append(own, probing()...),
			Blocks:    []BlockDoc{assertBlock()},
		}
	}
	return []BlockDoc{
		check("http", "A request to a URL; self has status_code, body, headers, duration_ms.",
			ArgumentDoc{Name: "url", Type: TypeHTTPURL, Required: true, Doc: "What is asked."},
			ArgumentDoc{Name: "method", Type: TypeString, Default: text("GET"), OneOf: []string{"GET", "HEAD", "POST", "PUT", "OPTIONS"}, Doc: "Method of the request."},
			ArgumentDoc{Name: "headers", Type: TypeStringMap, Doc: "Headers of the request."},
			ArgumentDoc{Name: "body", Type: TypeString, Doc: "Body of the request."},
		),
		check("sql", "A query; self has rows.",
			ArgumentDoc{Name: "database", Type: TypeDatabase, Required: true, Doc: "The database to ask."},
			ArgumentDoc{Name: "query", Type: TypeString, Required: true, Doc: "One statement that reads."},
		),
		check("exec", "A command; self has exit_code, stdout, stderr.",
			ArgumentDoc{Name: "command", Type: TypeStrings, Required: true, Doc: "Program and arguments; no shell."},
		),
		unsupportedDriver("check", "tcp", "A connection."),
		unsupportedDriver("check", "prometheus", "A PromQL query."),
		unsupportedDriver("check", "skywalking", "A SkyWalking query."),
		unsupportedDriver("check", "log", "Lines of a log."),
	}
}

func probing() []ArgumentDoc {
	return []ArgumentDoc{
		{Name: "interval", Type: TypeDuration, Default: text("5s"), Doc: "Time between two attempts."},
		{Name: "timeout", Type: TypeDuration, Default: text("10s"), Doc: "How long one attempt may take."},
		{Name: "success_threshold", Type: TypeCount, Default: json.RawMessage("1"), Doc: "Good attempts in a row to pass."},
		{Name: "failure_threshold", Type: TypeCount, Default: json.RawMessage("3"), Doc: "Bad attempts in a row to fail."},
		{Name: "window", Type: TypeDuration, Unsupported: true, Doc: "Time that is looked back."},
		dependsOn(),
	}
}

func assertBlock() BlockDoc {
	return BlockDoc{
		Type: "assert", Supported: true, Repeatable: true,
		Doc: "A condition on what the attempt found, read as self.",
		Arguments: []ArgumentDoc{
			{Name: "condition", Type: TypeExpression, Required: true, Doc: "True when all is well."},
			{Name: "error_message", Type: TypeExpression, Required: true, Doc: "What is wrong when it is not."},
		},
	}
}

func phaseBlock() BlockDoc {
	return BlockDoc{
		Type: "phase", Labels: []string{"phase"}, Supported: true, Repeatable: true,
		Doc: "Conditions of expand, deploy, verify, release or contract.",
		Arguments: []ArgumentDoc{
			{Name: "preconditions", Type: TypeChecks, Doc: "Checks before the phase."},
			{Name: "postconditions", Type: TypeChecks, Doc: "Checks after the phase."},
			{Name: "bake_time", Type: TypeDuration, Default: text("0s"), Doc: "How long the checks must stay good after the phase."},
		},
	}
}

func rollbackBlock() BlockDoc {
	return BlockDoc{
		Type: "rollback", Supported: true,
		Doc: "What happens when a run fails.",
		Arguments: []ArgumentDoc{
			{Name: "on_failure", Type: TypeString, Default: text("auto"), OneOf: []string{"auto", "pause"}, Doc: "Take back by itself, or stop and wait."},
			{Name: "keep_schema", Type: TypeBool, Default: json.RawMessage("true"), Doc: "Expand migrations stay: old code survives them."},
			timeoutArgument("How long the way back may take."),
		},
	}
}
