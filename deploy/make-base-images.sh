#!/bin/sh
# Makes stand-ins for the two base images of the Dockerfile from the packages of a Debian or Ubuntu machine and the .NET that is
# installed on it, for places that cannot pull images. Needs root, podman, and apt-get with its lists up to date.
#
#   deploy/make-base-images.sh
#   podman build --build-arg SDK_IMAGE=localhost/dotnet-sdk --build-arg RUNTIME_IMAGE=localhost/runtime-deps -t inference-server .
#
# The runtime image is what a distroless image is: a few packages unpacked side by side, without a shell, without a package
# manager, with nothing that runs. So it may differ from the official one in size by a little, and in kind not at all.
#
# DOTNET    the folder of the installed .NET; found by the command dotnet unless set
# BACKENDS  1 for what a build of the target all-backends needs besides
set -eu

# What .NET links to, the names that a process looks up, the certificates that it trusts.
runtime_packages="base-files ca-certificates libc6 libgcc-s1 libssl3 libstdc++6 netbase zlib1g"
# What a build runs besides: a shell and the tools that its scripts call.
build_packages="bash coreutils dash findutils grep gzip libacl1 libattr1 libgmp10 libpcre2-8-0 libselinux1 libtinfo6 sed tar"

dotnet=${DOTNET:-$(dirname "$(readlink -f "$(command -v dotnet || echo /usr/share/dotnet/dotnet)")")}
[ -x "$dotnet/dotnet" ] || { echo "no .NET in $dotnet; set DOTNET" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# unpack ROOT PACKAGE...: without running a script of theirs, so that nothing but their files comes along.
unpack() {
    root=$1
    shift
    (cd "$work/packages" && apt-get -o APT::Sandbox::User=root download "$@" >/dev/null)
    for package in "$work"/packages/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -C "$root" --keep-directory-symlink --no-same-owner -xf -
        rm "$package"
    done
    rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale" "$root/usr/share/lintian" "$root/usr/share/info" \
        "$root/usr/share/bash-completion" "$root/usr/share/bug" "$root/usr/share/gcc" "$root/usr/share/gdb"
}

root=$work/root
mkdir -p "$work/packages" "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/tmp" "$root/home/app" "$root/etc"
chmod 1777 "$root/tmp"
for folder in bin sbin lib lib64; do
    ln -s "usr/$folder" "$root/$folder"
done
# shellcheck disable=SC2086
unpack "$root" $runtime_packages

# What the scripts of those packages would have made: the bundle of certificates, and the accounts.
cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0:root:/root:/usr/sbin/nologin\napp:x:1654:1654::/home/app:/usr/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\napp:x:1654:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
rm -rf "$root/usr/share/ca-certificates" "$root/usr/sbin/update-ca-certificates" "$root/usr/lib/x86_64-linux-gnu/gconv" \
    "$root/usr/lib/aarch64-linux-gnu/gconv" "$root/usr/lib/x86_64-linux-gnu/audit" "$root/usr/lib/aarch64-linux-gnu/audit"
ldconfig -r "$root"

tar -C "$root" --numeric-owner -c . | podman import --change 'ENV APP_UID=1654' --change 'ENV PATH=/usr/bin' - localhost/runtime-deps

# The SDK image is the same with a shell and .NET.
# shellcheck disable=SC2086
unpack "$root" $build_packages ${BACKENDS:+libgomp1 libdmlc0 libxgboost0}
ln -sf dash "$root/usr/bin/sh"
mkdir -p "$root/usr/share/dotnet"
ln -s ../share/dotnet/dotnet "$root/usr/bin/dotnet"
cp -a "$dotnet/." "$root/usr/share/dotnet/"
tar -C "$root" --numeric-owner -c . | podman import --change "LABEL dotnet=$("$dotnet/dotnet" --version)" --change 'ENV DOTNET_ROOT=/usr/share/dotnet' --change 'ENV PATH=/usr/sbin:/usr/bin' \
    --change 'ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1' - localhost/dotnet-sdk
