# The program of a desktop's jail: starts the display, the buses and the window manager, and becomes apps.sh.
#
# Arguments: the screen, such as 1280x720, and the file of the display's cookie as octal escapes of printf.
# Output: "display N" when the display is ready. It ends with the display.

umask 077
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME/gtk-3.0" "$SESSION" "$FRAMES"
printf "$2" >"$XAUTHORITY"

# A blinking caret would make two pictures of one screen, and an animation many.
cat >"$XDG_CONFIG_HOME/gtk-3.0/settings.ini" <<'END'
[Settings]
gtk-cursor-blink=0
gtk-enable-animations=0
gtk-recent-files-max-age=0
END

# One desktop, no keys and wheels that hide windows, no button that makes a window vanish: there is no panel to bring it back.
cat >"$SESSION/openbox.xml" <<'END'
<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew><followMouse>no</followMouse></focus>
  <placement><policy>Smart</policy><center>yes</center></placement>
  <theme><name>Clearlooks</name><titleLayout>NLMC</titleLayout><animateIconify>no</animateIconify></theme>
  <desktops><number>1</number><popupTime>0</popupTime></desktops>
  <resize><drawContents>yes</drawContents><popupShow>Never</popupShow></resize>
  <keyboard>
    <keybind key="A-F4"><action name="Close"/></keybind>
    <keybind key="A-Tab"><action name="NextWindow"><dialog>none</dialog></action></keybind>
    <keybind key="A-S-Tab"><action name="PreviousWindow"><dialog>none</dialog></action></keybind>
  </keyboard>
  <mouse>
    <dragThreshold>4</dragThreshold>
    <context name="Titlebar">
      <mousebind button="Left" action="Drag"><action name="Move"/></mousebind>
      <mousebind button="Left" action="DoubleClick"><action name="ToggleMaximize"/></mousebind>
    </context>
    <context name="Titlebar Top Right Bottom Left TLCorner TRCorner BRCorner BLCorner">
      <mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
    </context>
    <context name="Top"><mousebind button="Left" action="Drag"><action name="Resize"><edge>top</edge></action></mousebind></context>
    <context name="Left"><mousebind button="Left" action="Drag"><action name="Resize"><edge>left</edge></action></mousebind></context>
    <context name="Right"><mousebind button="Left" action="Drag"><action name="Resize"><edge>right</edge></action></mousebind></context>
    <context name="Bottom"><mousebind button="Left" action="Drag"><action name="Resize"><edge>bottom</edge></action></mousebind></context>
    <context name="TRCorner BRCorner TLCorner BLCorner">
      <mousebind button="Left" action="Drag"><action name="Resize"/></mousebind>
    </context>
    <context name="Client">
      <mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
      <mousebind button="Middle" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
      <mousebind button="Right" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
    </context>
    <context name="Close"><mousebind button="Left" action="Click"><action name="Close"/></mousebind></context>
    <context name="Maximize"><mousebind button="Left" action="Click"><action name="ToggleMaximize"/></mousebind></context>
  </mouse>
</openbox_config>
END

# A bus lets in only users that the machine knows by name, unless it does not ask who they are. Without a jail, the
# desktop's user may have no name: then only the directory of the socket keeps others out.
who=EXTERNAL anonymous=
if [ "$BUS_AUTH" = ANONYMOUS ]; then who=ANONYMOUS anonymous="<allow_anonymous/>"; fi

# Without the launcher of the desktop's own, whose bus takes messages of a gigabyte.
bus() {
  cat >"$SESSION/$1.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>$1</type>
  <listen>$2</listen>
  <auth>$who</auth>$anonymous
  <servicedir>/usr/share/dbus-1/$3</servicedir>
  <policy context="default">
    <allow user="root"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_message_size">1048576</limit>
  <limit name="max_incoming_bytes">4194304</limit>
  <limit name="max_outgoing_bytes">8388608</limit>
  <limit name="reply_timeout">30000</limit>
</busconfig>
END
  dbus-daemon --config-file="$SESSION/$1.conf" --nofork --nopidfile --nosyslog </dev/null >/dev/null 2>&1 &
}

mkfifo "$SESSION/display"
(
  Xvfb -displayfd 3 -screen 0 "$1x24" -fbdir "$FRAMES" -auth "$XAUTHORITY" -nolisten tcp -nolisten local -noreset \
    -fp built-ins </dev/null >/dev/null 2>&1 3>"$SESSION/display"
  # The jail ends as the display did: of too much memory, or of a fault.
  if [ $? -eq 137 ]; then kill -KILL $$; else kill -ABRT $$; fi
) &
bus session "$DBUS_SESSION_BUS_ADDRESS" services
bus accessibility "$AT_SPI_BUS_ADDRESS" accessibility-services
read -r display <"$SESSION/display"
export DISPLAY=":$display"
while :; do
  openbox --sm-disable --config-file "$SESSION/openbox.xml"
  sleep 1
done </dev/null >/dev/null 2>&1 &
echo "display $display"

unset SESSION FRAMES BUS_AUTH
exec sh "${0%/*}/apps.sh"
