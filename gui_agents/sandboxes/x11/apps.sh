# Starts one app for each line of input, "NUMBER COMMAND", and answers with "started NUMBER" or "failed NUMBER".
#
# A shell ends if it cannot fork, which happens in a desktop whose apps have taken all processes: so it starts anew, in
# the same process. When the input ends, it ends, and with it the desktop.

trap 'echo "failed $number"; exec sh "$0"' EXIT
while read -r number app; do
  if (eval "exec setsid $app" </dev/null >/dev/null 2>&1 &); then echo "started $number"; else echo "failed $number"; fi
done
trap - EXIT
