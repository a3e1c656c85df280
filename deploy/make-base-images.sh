#!/bin/sh
# Makes stand-ins for the two base images of the Dockerfile from a Debian mirror and the .NET that is installed on this machine, for
# places that cannot pull images. Needs root, podman and debootstrap.
#
#   deploy/make-base-images.sh
#   podman build --build-arg SDK_IMAGE=localhost/dotnet-sdk --build-arg RUNTIME_IMAGE=localhost/dotnet-aspnet -t inference-server .
#
# SUITE   the Debian release, bookworm unless set
# MIRROR  where its packages come from
# DOTNET  the folder of the installed .NET, /usr/share/dotnet unless set
set -eu

suite=${SUITE:-bookworm}
dotnet=${DOTNET:-/usr/share/dotnet}

[ -x "$dotnet/dotnet" ] || { echo "no .NET in $dotnet; set DOTNET" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debootstrap --variant=minbase --include=ca-certificates,libstdc++6,libssl3,zlib1g "$suite" "$work/root" ${MIRROR:+"$MIRROR"}
rm -rf "$work/root/var/cache/apt" "$work/root/var/lib/apt/lists"
mkdir -p "$work/root/usr/share/dotnet" "$work/root/usr/bin"
ln -s ../share/dotnet/dotnet "$work/root/usr/bin/dotnet"

# The runtime image has the runtimes alone, and the account that the official images have.
cp -a "$dotnet/dotnet" "$dotnet/host" "$dotnet/shared" "$work/root/usr/share/dotnet/"
echo 'app:x:1654:1654::/home/app:/usr/sbin/nologin' >>"$work/root/etc/passwd"
echo 'app:x:1654:' >>"$work/root/etc/group"
tar -C "$work/root" -c . | podman import \
    --change 'ENV APP_UID=1654' --change 'ENV DOTNET_ROOT=/usr/share/dotnet' \
    --change 'ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1' - localhost/dotnet-aspnet

# The SDK image is the same with everything.
cp -a "$dotnet/." "$work/root/usr/share/dotnet/"
tar -C "$work/root" -c . | podman import --change 'ENV DOTNET_ROOT=/usr/share/dotnet' \
    --change 'ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1' - localhost/dotnet-sdk
