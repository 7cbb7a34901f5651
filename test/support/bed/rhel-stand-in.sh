# Makes a Debian with dnf and rpm look and behave like a host of the RHEL family, for machines
# that reach no registry of images. Run as root inside it, once.
#
# What differs from the real thing is named in docs/architecture.md: its ssh, bash and systemd are
# Debian's, there is no SELinux, no FIPS, no signed packages.
set -eu

# ---- Where rpm and dnf keep their things. Debian's own settings differ from those of RHEL. ----

mkdir -p /etc/rpm /etc/yum.repos.d /srv/repositories/base /srv/repositories/epel
printf '%%_dbpath /var/lib/rpm\n%%dist .el9\n%%_build_id_links none\n' >/etc/rpm/macros
rpm --initdb

# Debian's file lets dnf skip repositories that are broken; RHEL's does not.
printf '[main]\ngpgcheck=0\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\n' \
  >/etc/dnf/dnf.conf

write_repository() {
  printf '[%s]\nname=%s\nbaseurl=file:///srv/repositories/%s\nenabled=1\ngpgcheck=0\n' \
    "$1" "$2" "$1"
}

# ---- Packages, made of the files that Debian put here. ----

build=$(mktemp -d)

# package NAME VERSION REPOSITORY EXTRA: makes an rpm of the files under $build/NAME.
package() {
  {
    printf 'Name: %s\nVersion: %s\nRelease: 1%%{?dist}\nSummary: %s\nLicense: see Debian\n' \
      "$1" "$2" "$1"
    printf 'AutoReqProv: no\n%s\n%%description\nPart of the stand-in.\n' "$4"
    printf '%%install\ncp -a %s/. %%{buildroot}/\n%%files\n' "$build/$1"
    (cd "$build/$1" && find . ! -type d | cut -c 2-)
  } >"$build/$1.spec"
  rpmbuild --quiet -bb --define "_topdir $build/rpmbuild" --define "_rpmdir /srv/repositories/$3" \
    --define '__os_install_post %{nil}' --define 'debug_package %{nil}' "$build/$1.spec"
}

install -d "$build/stand-in-release/etc"
cat >"$build/stand-in-release/etc/os-release" <<'END'
NAME="RHEL stand-in"
ID=stand-in
ID_LIKE="rhel centos fedora"
VERSION_ID=9
PRETTY_NAME="RHEL 9 stand-in (Debian 12 with dnf)"
END
cp "$build/stand-in-release/etc/os-release" "$build/os-release"
echo 'RHEL stand-in release 9' >"$build/stand-in-release/etc/redhat-release"
package stand-in-release 9 base 'Provides: system-release = 9, system-release(releasever) = 9, /bin/sh'

for file in $(dpkg -L openssh-client | grep -E '^/usr/(s?bin|lib)/'); do
  [ -d "$file" ] || { mkdir -p "$build/openssh-clients${file%/*}" &&
    cp -a "$file" "$build/openssh-clients$file"; }
done
package openssh-clients 9.2 base ''

# With a library that nothing else here needs.
install -d "$build/server-archives" "$build/openssh-server/usr/lib/systemd/system"
apt-get -qq update
(cd "$build/server-archives" && apt-get -qq download openssh-server libwrap0)
for archive in "$build/server-archives"/*.deb; do
  dpkg-deb -x "$archive" "$build/server-files"
done
cp -a "$build/server-files/lib/." "$build/server-files/usr/lib/" 2>/dev/null || true
for file in usr/sbin/sshd etc/pam.d/sshd etc/default/ssh; do
  install -D "$build/server-files/$file" "$build/openssh-server/$file"
done
for file in "$build/server-files"/usr/lib/*/lib*.so.*; do
  install -D "$file" "$build/openssh-server${file#"$build/server-files"}"
done
cp "$build/server-files/usr/lib/systemd/system/ssh.service" \
  "$build/openssh-server/usr/lib/systemd/system/sshd.service"
# shellcheck disable=SC2016 # rpm expands it
package openssh-server 9.2 base 'Requires: openssh-clients
%pre
id sshd >/dev/null 2>&1 || useradd --system --no-create-home --home-dir /run/sshd sshd
%post
/sbin/ldconfig
%postun
[ "$1" -gt 0 ] || userdel sshd'

install -d "$build/autossh/usr/bin"
# Debian's /usr/bin/autossh is a wrapper in shell of this one.
cp /usr/lib/autossh/autossh "$build/autossh/usr/bin/autossh"
package autossh 1.4g epel 'Requires: openssh-clients'

install -d "$build/epel-release/etc/yum.repos.d"
write_repository epel 'Extra Packages' >"$build/epel-release/etc/yum.repos.d/epel.repo"
package epel-release 9 base ''

createrepo_c --quiet /srv/repositories/base
createrepo_c --quiet /srv/repositories/epel
write_repository base 'Base of the stand-in' >/etc/yum.repos.d/base.repo

# ---- Debian goes out of sight. ----

dpkg --purge autossh
rm -rf /usr/bin/apt* /usr/bin/dpkg* /var/lib/dpkg /var/lib/apt /etc/apt
rm -f /etc/debian_version /etc/os-release /usr/lib/os-release /usr/bin/autossh
cp "$build/os-release" /usr/lib/os-release
rpm --install --force /srv/repositories/base/*/stand-in-release-*.rpm \
  /srv/repositories/base/*/openssh-clients-*.rpm
rm -rf "$build"
dnf --quiet makecache
dnf clean all >/dev/null
