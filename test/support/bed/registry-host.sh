# Makes a host with systemd of an image from a registry, which is made for single processes. Run
# as root inside it, once.
set -eu

# Packages by the command that they bring, for an image may have another one that brings it, too
# (curl-minimal).
need() {
  command -v "$1" >/dev/null || packages="$packages $2"
}

packages=
need curl curl
need sudo sudo
need cmp diffutils
need find findutils
need awk gawk
if command -v dnf >/dev/null || command -v yum >/dev/null; then
  need ssh openssh-clients
  need ip iproute
  need pgrep procps-ng
  need useradd shadow-utils
  need passwd passwd
  need hostname hostname
  need perl perl-interpreter
  need /usr/lib/systemd/systemd systemd
  need script util-linux
  # shellcheck disable=SC2086 # words
  [ -z "$packages" ] || $(command -v dnf || command -v yum) -y install $packages
else
  need ssh openssh-client
  need ip iproute2
  need pgrep procps
  need hostname hostname
  need dbus-daemon dbus
  [ -e /sbin/init ] || packages="$packages systemd systemd-sysv"
  apt-get update
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates $packages
fi
[ -e /sbin/init ] || ln -s /usr/lib/systemd/systemd /sbin/init

# What a container has no use for, and what would run package managers beside the tests.
systemctl mask getty.target console-getty.service systemd-logind.service systemd-udevd.service \
  systemd-udev-trigger.service systemd-resolved.service systemd-networkd.service \
  systemd-remount-fs.service dnf-makecache.timer dnf5-makecache.timer apt-daily.timer \
  apt-daily-upgrade.timer
