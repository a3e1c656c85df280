using System.Diagnostics.CodeAnalysis;
using Google.Protobuf.Collections;
using Grpc.Health.V1;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Repository;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Decides whether a caller may have a message answered: over gRPC it is the message that names the model. A kind of message that is not known here is refused.</summary>
internal static class MessageAccess
{
    /// <summary>What is wrong with the wish; null when nothing is.</summary>
    /// <param name="caller">Who wishes; null for somebody unknown, who has got past the question who he is since the rpc is open.</param>
    /// <param name="control">Knows the names of models.</param>
    /// <param name="message">The message.</param>
    public static InferenceError? FindRefusal(Caller? caller, IModelControl control, object message)
    {
        if (message is HealthCheckRequest health)
        {
            return health.Service.Length == 0 || health.Service == GRPCInferenceService.Descriptor.FullName ? null : OfModel(AccessRule.ModelHealth, health.Service);
        }

        if (message is ServerLiveRequest or ServerReadyRequest)
        {
            return null;
        }

        if (caller is null)
        {
            return AccessErrors.Anonymous();
        }

        return message switch
        {
            ModelInferRequest infer => FindRefusal(caller, control, infer.ModelName, UsesSharedMemory(infer)),
            ModelReadyRequest ready => OfModel(AccessRule.ModelHealth, ready.Name),
            ServerMetadataRequest or RepositoryIndexRequest => OfServer(AccessRule.Metadata),
            ModelMetadataRequest metadata => OfModel(AccessRule.Metadata, metadata.Name),
            ModelConfigRequest config => OfModel(AccessRule.Metadata, config.Name),
            ModelStatisticsRequest statistics => statistics.Name.Length == 0 ? OfServer(AccessRule.Metadata) : OfModel(AccessRule.Metadata, statistics.Name),
            RepositoryModelLoadRequest load => OfModel(AccessRule.Control, load.ModelName) ?? (load.Parameters.Count > 0 ? OfServer(AccessRule.Control) : null),
            RepositoryModelUnloadRequest unload => OfModel(AccessRule.Control, unload.ModelName) ?? (unload.Parameters.ContainsKey(UnloadRequestReader.UnloadDependents) ? OfServer(AccessRule.Control) : null),
            TraceSettingRequest trace => trace.ModelName.Length == 0 ? OfServer(AccessRule.Settings, trace.Settings.Count == 0) : OfModel(AccessRule.Settings, trace.ModelName, trace.Settings.Count == 0),
            LogSettingsRequest log => OfServer(AccessRule.Settings, log.Settings.Count == 0),
            SystemSharedMemoryStatusRequest or SystemSharedMemoryRegisterRequest or SystemSharedMemoryUnregisterRequest => OfServer(AccessRule.SharedMemory),
            CudaSharedMemoryStatusRequest or CudaSharedMemoryRegisterRequest or CudaSharedMemoryUnregisterRequest => OfServer(AccessRule.SharedMemory),
            _ => AccessErrors.Unclassified(),
        };

        InferenceError? OfServer(AccessRule rule, bool isReading = true) => AccessDecision.OfServer(caller, rule, isReading);

        InferenceError? OfModel(AccessRule rule, string model, bool isReading = true) =>
            caller is null ? AccessErrors.Anonymous() : AccessDecision.OfModel(caller, rule, isReading, control.FindRightsName(model));
    }

    /// <summary>As <see cref="FindRefusal(Caller, IModelControl, object)"/>, for a request to infer.</summary>
    public static InferenceError? FindRefusal(Caller? caller, IModelControl control, string model, bool usesSharedMemory) =>
        caller is null ? AccessErrors.Anonymous()
        : AccessDecision.OfModel(caller, AccessRule.Inference, isReading: true, control.FindRightsName(model)) ?? (usesSharedMemory && !caller.HoldsForAll(AccessScopes.SharedMemory) ? AccessErrors.SharedTensors() : null);

    /// <summary>Lets one request of a stream in, or refuses it.</summary>
    /// <param name="caller">Whose stream it is.</param>
    /// <param name="control">Knows the names of models.</param>
    /// <param name="message">The request.</param>
    /// <param name="permit">Its place among those in flight, to be disposed when it has ended; null when they are not counted.</param>
    /// <param name="error">Why it is refused.</param>
    public static bool TryAdmit(Caller caller, IModelControl control, ModelInferRequest message, out CallerPermit? permit, [NotNullWhen(false)] out InferenceError? error)
    {
        permit = null;
        error = FindRefusal(caller, control, message);
        if (error is not null || caller.Quota is not { } quota)
        {
            return error is null;
        }

        var verdict = quota.TryEnter(out var retryAfter);
        if (verdict != QuotaVerdict.Admitted)
        {
            error = AccessErrors.Quota(verdict, quota.Limits, retryAfter);
            return false;
        }

        permit = new CallerPermit(quota);
        return true;
    }

    /// <summary>Takes out of a list what the caller may not see.</summary>
    public static void Cut(Caller caller, object message)
    {
        switch (message)
        {
            case RepositoryIndexResponse index:
                Remove(index.Models, entry => !caller.May(AccessScopes.Metadata, entry.Name));
                break;
            case ModelStatisticsResponse statistics:
                Remove(statistics.ModelStats, report => !caller.May(AccessScopes.Metadata, report.Name));
                break;
        }
    }

    private static void Remove<T>(RepeatedField<T> entries, Func<T, bool> isHidden)
    {
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            if (isHidden(entries[i]))
            {
                entries.RemoveAt(i);
            }
        }
    }

    private static bool UsesSharedMemory(ModelInferRequest request)
    {
        foreach (var input in request.Inputs)
        {
            if (input.Parameters.ContainsKey(RangeParameters.RegionName))
            {
                return true;
            }
        }

        foreach (var output in request.Outputs)
        {
            if (output.Parameters.ContainsKey(RangeParameters.RegionName))
            {
                return true;
            }
        }

        return false;
    }
}
