# Counts an effect; waits before and after it while a test holds it there.
set -eu
: > "$MARKS.before$1$2"
while [ -e "$MARKS.hold-before$1$2" ]; do sleep 0.02; done
echo "$1$2" >> "$MARKS"
while [ -e "$MARKS.hold-after$1$2" ]; do sleep 0.02; done
