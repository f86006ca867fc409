package config

import "encoding/json"

func lockstepBlock() BlockDoc {
	return BlockDoc{
		Type: "lockstep", Supported: true,
		Doc: "Settings of the project.",
		Arguments: []ArgumentDoc{
			{Name: "required_version", Type: TypeString, Constant: true, Doc: "Versions of Lockstep that may read this project, for example \"~> 0.1\"."},
			{Name: "plugin_mirror", Type: TypeString, Constant: true, Doc: "The only place from which Terraform providers are installed: the absolute path of a folder outside of the project, or the https address of a network mirror; the registries when left out. The environment variable LOCKSTEP_PLUGIN_MIRROR goes before it."},
		},
		Blocks: []BlockDoc{
			{Type: "required_tools", Supported: true, Free: true, Doc: "Versions of tools by name, for example terraform = \">= 1.5\". Where tofu is named and terraform is not, OpenTofu runs the terraform blocks; where both are, Terraform if it is there."},
			{
				Type: "terraform_policy", Supported: true,
				Doc: "What the sources of terraform blocks may do while a plan is made, beyond what Lockstep lets pass.",
				Arguments: []ArgumentDoc{
					{Name: "allow", Type: TypeStrings, Constant: true, Doc: "Subjects that are allowed, for example \"data.http\", \"data.terraform_remote_state\", \"data.dns_*\", \"file\" (files outside of the module)."},
					{Name: "providers", Type: TypeStrings, Constant: true, Doc: "Patterns of the provider sources that may be used, for example \"hashicorp/*\"; any when left out."},
					{Name: "modules", Type: TypeStrings, Constant: true, Doc: "Patterns of the module sources outside of the project that may be used; any when left out."},
				},
			},
			{
				Type: "encryption", Supported: true,
				Doc: "Who may read what can hold secrets: the inputs of plan files, and what Lockstep keeps of Terraform's states, outputs and releases. Without it these files are readable by their owner alone, and not encrypted.",
				Arguments: []ArgumentDoc{
					{Name: "recipients", Type: TypeRecipients, Required: true, Constant: true, Doc: "Public keys of age (age1...), or ssh-ed25519 and ssh-rsa keys as in authorized_keys. Each of them alone can read, and apply."},
					{Name: "identity_file", Type: TypeAnyPath, Constant: true, Doc: "File with the secret half of one of them, relative to the project: lines that age-keygen makes, or an OpenSSH private key without passphrase. The environment variable LOCKSTEP_AGE_IDENTITY_FILE goes before it."},
				},
			},
			{
				Type: "journal", Driver: "file", Labels: []string{"type"}, Supported: true,
				Doc: "Where runs are recorded: a folder.",
				Arguments: []ArgumentDoc{
					{Name: "path", Type: TypePath, Constant: true, Default: text(defaultJournal), Doc: "Folder of the journal."},
				},
			},
			{Type: "journal", Driver: "postgres", Labels: []string{"type"}, Doc: "Where runs are recorded: a shared database."},
		},
	}
}

func variableBlock() BlockDoc {
	return BlockDoc{
		Type: "variable", Labels: []string{"name"}, Supported: true, Repeatable: true,
		Doc: "A value that differs between environments, read as var.NAME.",
		Arguments: []ArgumentDoc{
			{Name: "type", Type: TypeConstraint, Default: text("any"), Doc: "Type constraint, as in Terraform."},
			{Name: "default", Type: TypeAny, Constant: true, Doc: "Value when none is given."},
			{Name: "description", Type: TypeString, Constant: true, Doc: "What the value is for."},
			{Name: "sensitive", Type: TypeBool, Constant: true, Default: json.RawMessage("false"), Doc: "Never print or record the value."},
			{Name: "nullable", Type: TypeBool, Constant: true, Default: json.RawMessage("true"), Doc: "Whether null is a value; if not, null means the default."},
		},
		Blocks: []BlockDoc{{
			Type: "validation", Supported: true, Repeatable: true,
			Doc: "A condition that the value must fulfil.",
			Arguments: []ArgumentDoc{
				{Name: "condition", Type: TypeExpression, Required: true, Doc: "True when the value is good."},
				{Name: "error_message", Type: TypeExpression, Required: true, Doc: "What is wrong when it is not."},
			},
		}},
	}
}

func databaseBlock() BlockDoc {
	return BlockDoc{
		Type: "database", Labels: []string{"name"}, Supported: true, Repeatable: true,
		Doc: "A database whose schema is migrated.",
		Arguments: []ArgumentDoc{
			{Name: "driver", Type: TypeString, Required: true, Constant: true, Doc: "Kind of database: postgres, sqlite, mysql (MariaDB too), or the URL scheme of a golang-migrate driver that is in the build (redshift, cockroachdb), which keeps a version number alone: no history, and a file that fails is left to a person."},
			{Name: "url", Type: TypeString, Required: true, Doc: "Connection URL (owner role); use a sensitive variable."},
			{Name: "direct_url", Type: TypeString, Doc: "Connection URL for migrations that goes past a connection pooler, when url leads to one."},
			{Name: "migrations", Type: TypePath, Required: true, Constant: true, Doc: "Folder in golang-migrate's layout: 0001_name.up.sql, 0001_name.down.sql."},
			{Name: "table", Type: TypeString, Constant: true, Default: text("schema_migrations"), Doc: "Table that holds the schema version."},
			{Name: "lock_timeout", Type: TypeDuration, Default: text("2s"), Doc: "The longest that one request for a lock may wait. On PostgreSQL most do not wait at all, so that nobody waits behind them; how long they are repeated is the migration's timeout."},
			{Name: "statement_timeout", Type: TypeDuration, Default: text("15m"), Doc: "How long a statement may run."},
			{Name: "lock", Type: TypeString, Constant: true, Default: text("session"), OneOf: []string{"session", "lease"}, Doc: "How other migrations are kept out: locks of a connection, or a row that expires, which works through a connection pooler."},
			{Name: "rehearse", Type: TypeString, Constant: true, Default: text("auto"), OneOf: []string{"auto", "always", "never"}, Doc: "Whether a plan tries pending migrations up, down and up again on a throw-away copy of the schema (driver postgres): where a server is to be had, always (a plan without it is refused), or never. --rehearse and LOCKSTEP_REHEARSE say otherwise for one command."},
			{Name: "scratch_url", Type: TypeString, Doc: "Connection URL of a PostgreSQL server on which a plan may make and drop databases of its own for that; left out, it starts one from the programs on its machine."},
			{Name: "queries", Type: TypePath, Constant: true, Doc: "Folder of the application's SQL (sqlc style or plain files): a plan tries each statement before and after each pending migration."},
			{Name: "unmanaged", Type: TypeStrings, Constant: true, Doc: "Objects that others look after, as lockstep drift calls them, with * for anything: \"extension *\", \"table events_2*\". Drift is not told of them (driver postgres)."},
			{Name: "hosts", Type: TypeHosts, Doc: "Hosts at which the database may be, with * for anything, for example \"*.db.internal\": a url that leads elsewhere is refused before a connection is opened. Any when left out; a protected environment wants them where the url is an output of an earlier step."},
			{Name: "for_each", Type: TypeAny, Unsupported: true, Doc: "A fleet of databases."},
		},
		Exports: []ArgumentDoc{
			{Name: "name", Type: TypeString, Doc: "The block's name."},
			{Name: "driver", Type: TypeString, Doc: "As given."},
			{Name: "url", Type: TypeString, Doc: "As given."},
			{Name: "direct_url", Type: TypeString, Doc: "As given, or null."},
			{Name: "migrations", Type: TypePath, Doc: "As given."},
			{Name: "table", Type: TypeString, Doc: "As given, or the default."},
			{Name: "lock_timeout", Type: TypeDuration, Doc: "As given, or the default."},
			{Name: "statement_timeout", Type: TypeDuration, Doc: "As given, or the default."},
			{Name: "lock", Type: TypeString, Doc: "As given, or the default."},
		},
	}
}

func environmentBlock() BlockDoc {
	return BlockDoc{
		Type: "environment", Labels: []string{"name"}, Supported: true, Repeatable: true,
		Doc: "A place that change sets move through.",
		Arguments: []ArgumentDoc{
			{Name: "depends_on", Type: TypeEnvironment, Doc: "Environments that come before this one."},
			{Name: "var_files", Type: TypePaths, Constant: true, Doc: "Files with values of variables."},
			{Name: "variables", Type: TypeObject, Constant: true, Doc: "Values of variables that are not secret."},
			{Name: "soak_time", Type: TypeDuration, Constant: true, Default: text("0s"), Doc: "How long a change set must have been healthy here before it moves on."},
			{Name: "protected", Type: TypeBool, Constant: true, Default: json.RawMessage("false"), Doc: "Applying asks for the environment's name."},
			{Name: "protect", Type: TypePatterns, Constant: true, Doc: "Addresses and types of Terraform resources, with * for anything, for example \"module.db.*\" and \"aws_db_instance.*\": a plan that deletes, replaces, forgets or weakens one of them is refused here, whatever its change set allows."},
		},
		Blocks: []BlockDoc{
			unsupported("approval", "Who must approve.", "name"),
			unsupported("change_window", "When changes are allowed.", "name"),
		},
	}
}
