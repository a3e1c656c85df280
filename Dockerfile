# Plain instructions only, so that docker, podman and buildah all build it.
#
#   docker build -t inference-server .
#   docker run --rm --read-only --cap-drop=ALL -p 8000:8000 -p 8001:8001 -p 8002:8002 inference-server
#
#   docker build --target all-backends -t inference-server:all .      with LightGBM, XGBoost, ML.NET and TorchScript
#   docker build --build-arg ONNX_RUNTIME=Gpu --build-arg RUNTIME_IMAGE=nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04 -t inference-server:gpu .
#
# The base images are arguments: a site with its own hardened or mirrored images names them here and changes nothing else. The server brings .NET along, so that the runtime image needs the C and
# C++ libraries, OpenSSL and the certificates that are trusted, and no more.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled

FROM ${SDK_IMAGE} AS sources
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    DOTNET_NOLOGO=1 \
    MSBUILDTERMINALLOGGER=off \
    DOTNET_EnableDiagnostics=0 \
    MSBUILDDISABLENODEREUSE=1
WORKDIR /source
# Which ONNX Runtime comes along: Cpu, or Gpu with CUDA and TensorRT, which wants a runtime image that has those.
ARG ONNX_RUNTIME=Cpu

# Only what decides the packages comes first, so that a change of code does not download them again.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Plugin.props src/Torch.targets src/Trees.props src/
COPY src/InferenceServer.Abstractions/*.csproj src/InferenceServer.Abstractions/
COPY src/InferenceServer.Bench/*.csproj src/InferenceServer.Bench/
COPY src/InferenceServer.Backends.Identity/*.csproj src/InferenceServer.Backends.Identity/
COPY src/InferenceServer.Backends.Onnx/*.csproj src/InferenceServer.Backends.Onnx/
COPY src/InferenceServer.Core/*.csproj src/InferenceServer.Core/
COPY src/InferenceServer.Host/*.csproj src/InferenceServer.Host/*.targets src/InferenceServer.Host/
COPY src/InferenceServer.Protocols.KServe/*.csproj src/InferenceServer.Protocols.KServe/
COPY src/InferenceServer.Caches.Redis/*.csproj src/InferenceServer.Caches.Redis/
COPY src/InferenceServer.RemoteRepositories/*.csproj src/InferenceServer.RemoteRepositories/
RUN dotnet restore src/InferenceServer.Host --use-current-runtime -p:SelfContained=true -p:PublishReadyToRun=true -p:WithBackends=false -p:OnnxRuntime=${ONNX_RUNTIME}

COPY .editorconfig ./
COPY protos/ protos/
COPY src/ src/

FROM sources AS build
ARG ONNX_RUNTIME=Cpu
# For the platform of the image alone: without a runtime identifier the native libraries of every platform would come along.
RUN dotnet publish src/InferenceServer.Host --no-restore --use-current-runtime --self-contained true --configuration Release --output /app \
        -p:PublishReadyToRun=true -p:CompiledAcross=false -p:WithBackends=false -p:OnnxRuntime=${ONNX_RUNTIME} \
        -p:DebugType=none -p:GenerateDocumentationFile=false -p:EnforceCodeStyleInBuild=false

FROM sources AS backends
RUN for backend in LightGbm:lightgbm XGBoost:xgboost MLNet:mlnet Torch:pytorch; do \
        dotnet publish src/InferenceServer.Backends.${backend%:*} --use-current-runtime --self-contained false --configuration Release --output /backends/${backend#*:} \
            -p:DebugType=none -p:GenerateDocumentationFile=false -p:EnforceCodeStyleInBuild=false || exit 1; \
    done
# Two libraries that no package of .NET brings: XGBoost itself, and what LightGBM and XGBoost run their loops on.
RUN if command -v apt-get >/dev/null; then apt-get update && apt-get install -y --no-install-recommends libgomp1 libxgboost0; fi \
    && mkdir -p /libraries \
    && cp -L /usr/lib/*-linux-gnu/libgomp.so.1 /usr/lib/*-linux-gnu/libdmlc.so* /usr/lib/*-linux-gnu/libxgboost.so* /libraries/

FROM ${RUNTIME_IMAGE} AS runtime
# No diagnostics: their sockets would be files under /tmp, and the root file system may be read-only.
# Messages are in one language. What is served is in /models, unless the command line names something else.
ENV DOTNET_EnableDiagnostics=0 \
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
    InferenceServer__ModelRepository=/models
# The base images set APP_UID to an account without rights; this default is for those that do not. It is a number because
# Kubernetes can check runAsNonRoot only on numbers.
ARG APP_UID=1654
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="inference-server" \
      org.opencontainers.image.description="Serves machine-learning models over KServe v2 HTTP and gRPC, as Triton does" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
WORKDIR /app
EXPOSE 8000 8001 8002
# As SIGTERM is what the server finishes its work upon, so it is what it is sent.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/inference-server"]

FROM runtime AS all-backends
ENV LD_LIBRARY_PATH=/app/libraries
COPY --from=backends /libraries /app/libraries
COPY --from=build /app /app
COPY --from=backends /backends /app/backends
COPY model-repository/ /models/
USER $APP_UID

FROM runtime AS final
COPY --from=build /app /app
COPY model-repository/ /models/
USER $APP_UID
