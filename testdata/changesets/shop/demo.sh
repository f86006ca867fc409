#!/usr/bin/env bash
# The main job, told as a person would: three change sets through three
# environments, with real Terraform, a real database and a real service.
# It works in a folder of its own, leaves nothing running and runs again.
#
#   make demo                      SQLite, nothing to install
#   DATABASE=postgres make demo    the same change sets on PostgreSQL
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../../.." && pwd)
database=${DATABASE:-sqlite}
bin=$repository/bin
export PATH="$bin:$PATH"
port_base=47080
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '   %s\n' "$*"; }
# typed prints a command as one would type it.
typed() {
  local word line=''
  for word in "$@"; do
    if [[ $word =~ ^[A-Za-z0-9_./=:-]+$ ]]; then line+=" $word"; else line+=" '$word'"; fi
  done
  printf '\n$%s\n' "$line"
}
run() {
  typed "$@"
  "$@"
}
# expect CODE COMMAND...: run it and insist on its exit code.
expect() {
  local want=$1 got=0
  shift
  typed "$@"
  "$@" || got=$?
  note "(exit code $got)"
  if [ "$got" != "$want" ]; then
    note "expected exit code $want; the log of the services:"
    tail -n 5 run/*/service.log 2>/dev/null || true
    exit 1
  fi
}
serves() { curl --silent --max-time 2 "http://127.0.0.1:$((port_base + $1))/version" || echo "nothing"; }

finish() {
  local code=$?
  trap - EXIT
  trap '' INT TERM
  set +e
  for env in dev staging production; do
    (cd "$work" && LOCKSTEP_ENVIRONMENT=$env bin/stop) 2>/dev/null
  done
  if [ -n "${postgres_pid:-}" ]; then
    kill "$postgres_pid" 2>/dev/null
    wait "$postgres_pid" 2>/dev/null
  fi
  rm -rf "$work"
  case $code in
    0) say "Done in $((SECONDS - started)) seconds; everything it started is stopped again." ;;
    130 | 143) say "Interrupted; everything it started is stopped again." ;;
    *) say "The demo stopped with exit code $code; everything it started is stopped again." ;;
  esac
  exit "$code"
}

# ready_to_start says up front what the demo cannot do without.
ready_to_start() {
  local program port
  for program in go curl; do
    if ! command -v "$program" >/dev/null; then
      echo "Error: the demo needs $program, and it is not on PATH. Install it and try again." >&2
      exit 1
    fi
  done
  for port in $((port_base + 1)) $((port_base + 2)) $((port_base + 3)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "Error: port $port of 127.0.0.1 is in use, and the demo's three services need $((port_base + 1)) to $((port_base + 3))." >&2
      echo "Stop what listens there (lsof -i :$port names it) and try again. Nothing was started." >&2
      exit 1
    fi
  done
}

case $database in
  sqlite | postgres) ;;
  *)
    echo "Error: DATABASE is \"$database\"; the demo knows sqlite and postgres." >&2
    exit 1
    ;;
esac
ready_to_start
work=$(mktemp -d "${TMPDIR:-/tmp}/lockstep-demo.XXXXXX")
started=$SECONDS
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Building Lockstep and three versions of the shop"
mkdir -p "$work/build"
(cd "$repository" && go build -o bin/lockstep ./cmd/lockstep)
for version in 1.0.0 2.0.0 3.0.0; do
  (cd "$repository" && go build -trimpath -ldflags "-s -w -X main.version=$version" \
    -o "$work/build/$version/shop" ./testdata/changesets/shop/service)
done
cp -R "$here"/{project,database,environments}.lockstep.hcl "$here"/{changes,env,infra,migrations,bin} "$work"
cd "$work"
mkdir -p run/dev run/staging run/production

if [ "$database" = postgres ]; then
  say "Starting a PostgreSQL of our own"
  (cd "$repository" && go build -o "$work/build/postgres" ./internal/pgtest/server)
  build/postgres dev staging production >run/postgres.urls &
  postgres_pid=$!
  while [ "$(wc -l <run/postgres.urls)" -lt 3 ]; do
    kill -0 "$postgres_pid" 2>/dev/null || exit 1
    sleep 0.1
  done
  cp "$here/postgres/database.lockstep.hcl" database.lockstep.hcl
  while read -r env url; do
    file=env/$env.lockstepvars.hcl
    { grep -v '^database_url' "$file"; printf 'database_url = "%s"\n' "$url"; } >"$file.new"
    mv "$file.new" "$file"
  done <run/postgres.urls
fi
started=$SECONDS # what was built before does not count

say "1. The first change set: infrastructure, schema and service, into dev"
note "The plan is what will run, in which order, and how each step is undone."
run lockstep plan first_shop --env dev
run lockstep apply first_shop --env dev --auto-approve
note "dev serves version $(serves 1)"

say "Promotion: the same content, environment by environment"
note "Production is refused as long as staging does not have it."
expect 3 lockstep promote first_shop --to production --confirm production
run lockstep promote first_shop --to staging --auto-approve
note "Staging has it now, but it has to be healthy there for three seconds first."
expect 3 lockstep promote first_shop --to production --confirm production
sleep 3
run lockstep promote first_shop --to production --confirm production
note "production serves version $(serves 3)"

say "2. A change that old code does not survive: expand, deploy, verify, then contract"
run lockstep plan order_status --env dev
run lockstep apply order_status --env dev --auto-approve
run lockstep promote order_status --to staging --auto-approve
sleep 3
note "For production: a plan in a file, to be reviewed and then applied as it is."
run lockstep plan order_status --env production --out order_status.plan
run lockstep explain order_status.plan 'migration.shop["0005_drop_state"]'
run lockstep apply order_status.plan --confirm production
note "production serves version $(serves 3)"

say "3. A version that does not get ready is taken back by itself"
expect 5 lockstep apply discounts --env dev --auto-approve
note "dev serves version $(serves 1): the version before"

say "What is where, and what happened"
run lockstep status
run lockstep history
