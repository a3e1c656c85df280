# Plain instructions only, so that docker, podman and buildah all build it.
#
#   docker build -t inference-server .
#   docker run --rm --read-only --cap-drop=ALL -p 8000:8000 -p 8001:8001 -p 8002:8002 inference-server
#
# Both base images are arguments: a site with its own hardened or mirrored images names them here and changes nothing else.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled

FROM ${SDK_IMAGE} AS build
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    DOTNET_NOLOGO=1
WORKDIR /source

# Only what decides the packages comes first, so that a change of code does not download them again.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/InferenceServer.Abstractions/*.csproj src/InferenceServer.Abstractions/
COPY src/InferenceServer.Backends.Identity/*.csproj src/InferenceServer.Backends.Identity/
COPY src/InferenceServer.Backends.Onnx/*.csproj src/InferenceServer.Backends.Onnx/
COPY src/InferenceServer.Core/*.csproj src/InferenceServer.Core/
COPY src/InferenceServer.Host/*.csproj src/InferenceServer.Host/
COPY src/InferenceServer.Protocols.KServe/*.csproj src/InferenceServer.Protocols.KServe/
COPY src/InferenceServer.Caches.Redis/*.csproj src/InferenceServer.Caches.Redis/
COPY src/InferenceServer.RemoteRepositories/*.csproj src/InferenceServer.RemoteRepositories/
RUN dotnet restore src/InferenceServer.Host --use-current-runtime -p:WithBackends=false

COPY .editorconfig ./
COPY protos/ protos/
COPY src/ src/
# For the platform of the image alone: without a runtime identifier the native libraries of every platform would come along.
RUN dotnet publish src/InferenceServer.Host --no-restore --use-current-runtime -p:WithBackends=false --self-contained false \
        --configuration Release --output /app -p:UseAppHost=true -p:DebugType=none -p:GenerateDocumentationFile=false -p:EnforceCodeStyleInBuild=false \
    # The ONNX Runtime package copies its Windows libraries everywhere.
    && rm -f /app/onnxruntime*.dll

FROM ${RUNTIME_IMAGE} AS final
# No diagnostics: their sockets would be files under /tmp, and the root file system may be read-only.
# The base images name a port of their own; the server's options alone decide where it listens.
ENV DOTNET_EnableDiagnostics=0 \
    ASPNETCORE_HTTP_PORTS=
COPY --from=build /app /app
COPY model-repository/ /models/
# The base images set APP_UID to an account without rights; this default is for those that do not. It is a number because
# Kubernetes can check runAsNonRoot only on numbers.
ARG APP_UID=1654
USER $APP_UID
WORKDIR /app
EXPOSE 8000 8001 8002
ENTRYPOINT ["/app/inference-server", "--model-repository=/models"]
