using System.Globalization;
using System.Text;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Repository;
using InferenceServer.Protocols.KServe.Rpc;
using Choice = Inference.ModelRepositoryParameter.ParameterChoiceOneofCase;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>Answers what clients ask of the model repository over gRPC.</summary>
internal sealed class RepositoryRpcHandler(IModelControl control)
{
    public async Task<RepositoryIndexResponse> IndexAsync(RepositoryIndexRequest request, CancellationToken cancellationToken)
    {
        ThrowIfNamed(request.RepositoryName);
        await control.WaitForStartAsync(cancellationToken).ConfigureAwait(false);
        var response = new RepositoryIndexResponse();
        foreach (var entry in await control.ListModelsAsync(request.Ready).ConfigureAwait(false))
        {
            response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
            {
                Name = entry.Name,
                Version = entry.Version?.ToString(CultureInfo.InvariantCulture) ?? "",
                State = entry.State is { } state ? IndexStates.NameOf(state) : "",
                Reason = entry.Reason,
            });
        }

        return response;
    }

    public async Task<RepositoryModelLoadResponse> LoadAsync(RepositoryModelLoadRequest request, CancellationToken cancellationToken)
    {
        ThrowIfNamed(request.RepositoryName);
        ThrowIf(Read(request, out var replacement));
        await control.WaitForStartAsync(cancellationToken).ConfigureAwait(false);
        ThrowIf(await control.LoadModelAsync(request.ModelName, replacement, cancellationToken).ConfigureAwait(false));
        return new RepositoryModelLoadResponse();
    }

    public async Task<RepositoryModelUnloadResponse> UnloadAsync(RepositoryModelUnloadRequest request, CancellationToken cancellationToken)
    {
        ThrowIfNamed(request.RepositoryName);
        if (request.Parameters.TryGetValue(UnloadRequestReader.UnloadDependents, out var dependents) && dependents.ParameterChoiceCase != Choice.BoolParam)
        {
            ThrowIf(RepositoryErrors.ParameterKind(UnloadRequestReader.UnloadDependents, "bool_param", NameOf(dependents.ParameterChoiceCase)));
        }

        await control.WaitForStartAsync(cancellationToken).ConfigureAwait(false);
        ThrowIf(await control.UnloadModelAsync(request.ModelName, dependents?.BoolParam ?? false, cancellationToken).ConfigureAwait(false));
        return new RepositoryModelUnloadResponse();
    }

    private static InferenceError? Read(RepositoryModelLoadRequest request, out ModelOverride? replacement)
    {
        replacement = null;
        var builder = new OverrideBuilder();
        foreach (var (name, value) in request.Parameters)
        {
            var kind = value.ParameterChoiceCase;
            var error = name == OverrideBuilder.ConfigName
                ? kind == Choice.StringParam ? null : RepositoryErrors.ParameterKind(name, "string_param", NameOf(kind))
                : !name.StartsWith(ModelOverride.FilePrefix, StringComparison.Ordinal) ? RepositoryErrors.UnknownParameter(name)
                : kind == Choice.BytesParam ? builder.AddFile(name, value.BytesParam.Memory)
                : RepositoryErrors.ParameterKind(name, "bytes_param", NameOf(kind));
            if (error is not null)
            {
                return error;
            }

            if (name == OverrideBuilder.ConfigName)
            {
                builder.Config = Encoding.UTF8.GetBytes(value.StringParam);
            }
        }

        return builder.Build(request.ModelName, out replacement);
    }

    private static void ThrowIfNamed(string repository)
    {
        if (repository.Length > 0)
        {
            ThrowIf(RepositoryErrors.NamedRepository());
        }
    }

    private static void ThrowIf(InferenceError? error)
    {
        if (error is not null)
        {
            throw RpcErrorMapping.ToException(error);
        }
    }

    private static string NameOf(Choice kind) => kind switch
    {
        Choice.BoolParam => "bool_param",
        Choice.Int64Param => "int64_param",
        Choice.StringParam => "string_param",
        Choice.BytesParam => "bytes_param",
        _ => "no value",
    };
}
