# Starts one app for each line of input, and answers each with "started" or "failed".
#
# A shell ends if it cannot fork, which happens in a desktop whose apps have taken all processes: so it starts anew, in
# the same process. When the input ends, it ends, and with it the desktop.

trap 'exec sh "$0"' EXIT
while read -r app; do
  if (eval "exec setsid $app" </dev/null >/dev/null 2>&1 &); then echo started; else echo failed; fi
done
trap - EXIT
