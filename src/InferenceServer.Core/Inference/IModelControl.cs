using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Logging;
using InferenceServer.Core.Routing;
using InferenceServer.Core.Tracing;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Inference;

/// <summary>The control plane: what front ends ask about the server and its models.</summary>
public interface IModelControl
{
    /// <summary>The server's name and version, as its metadata shows them.</summary>
    ServerIdentity Server { get; }

    /// <summary>True from the moment the process answers until it has begun to stop.</summary>
    bool IsLive { get; }

    /// <summary>
    /// True when inference may be sent: the first wanted set of models has settled, and, with strict readiness, all of it is ready.
    /// False again as soon as the server drains.
    /// </summary>
    bool IsReady { get; }

    /// <summary>True once the server has begun to stop.</summary>
    bool IsStopping { get; }

    /// <summary>True from the moment on in which the server was told to stop: it is not ready, and may serve for a while yet.</summary>
    bool IsLeaving => IsStopping;

    /// <summary>Ends when the server begins to stop.</summary>
    Task Stopping { get; }

    /// <summary>The settings of the server's log.</summary>
    ILogControl Log { get; }

    /// <summary>The settings of tracing.</summary>
    ITraceControl Tracing { get; }

    /// <summary>The regions of shared memory that clients register.</summary>
    ISharedMemoryControl SharedMemory { get; }

    /// <summary>The names that stand for models, and what they stand for.</summary>
    IAliasControl Aliases { get; }

    /// <summary>
    /// Ends when the first wanted set of models has settled, or when a question has been held up for it as long as it may be: then it gets
    /// the answer of the moment. A front end waits before it asks for a model, so that a client which comes while the server starts is
    /// answered late instead of being told that its model does not exist.
    /// </summary>
    ValueTask WaitForStartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="WaitForStartAsync"/> for a probe, which gives up after a second: it is held up for less than that, so that a client
    /// which asks for readiness as soon as the port is open does not hear "no" from a server that is ready a moment later.
    /// </summary>
    ValueTask WaitForProbeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Every version that is ready, by name and then by number. The same array as long as nothing has changed, so that what is made of it
    /// can be kept.
    /// </summary>
    ImmutableArray<ModelDescription> ListReady();

    /// <summary>
    /// True when requests for the model are answered: a version of it serves, or is loaded when it is asked for.
    /// </summary>
    /// <param name="modelName">The model's name.</param>
    /// <param name="version">The version as the client wrote it; empty for any.</param>
    /// <param name="error">As of <see cref="TryDescribe"/>.</param>
    bool IsModelReady(string modelName, string version, [NotNullWhen(false)] out InferenceError? error);

    /// <summary>
    /// Sees to it that a model which is loaded on demand can be described: one that never was in memory is loaded. Ends at once for every other.
    /// </summary>
    /// <param name="modelName">The model's name.</param>
    /// <param name="version">The version as the client wrote it; empty for any.</param>
    /// <param name="cancellationToken">Signalled when the caller stops waiting.</param>
    /// <returns>Why it cannot be described, or null.</returns>
    ValueTask<InferenceError?> WakeAsync(string modelName, string version, CancellationToken cancellationToken);

    /// <summary>
    /// Describes a ready version of a model, or one that is loaded on demand and was in memory before.
    /// </summary>
    /// <param name="modelName">The model's name.</param>
    /// <param name="version">The version as the client wrote it; empty for the highest one that is ready.</param>
    /// <param name="description">The description.</param>
    /// <param name="error">NotFound, Unavailable (the version exists and is not ready) or InvalidArgument (the version is no number).</param>
    bool TryDescribe(string modelName, string version, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error);

    /// <summary>The repository index: the models that lie in the repositories now, by name, and what has become of each version.</summary>
    /// <param name="readyOnly">True for the versions alone that are ready.</param>
    Task<ImmutableArray<ModelIndexEntry>> ListModelsAsync(bool readyOnly);

    /// <summary>
    /// The name that rights are held against: that of an alias or of the model itself, also where it was asked for by its plain name; null for a plain name that
    /// stands for no model, or for several.
    /// </summary>
    /// <param name="modelName">The name as a client wrote it.</param>
    string? FindRightsName(string modelName) => modelName;

    /// <summary>What would refuse every change of the settings of the log and of tracing, whatever else it says; null when nothing would.</summary>
    InferenceError? FindSettingsRefusal() => null;

    /// <summary>What would refuse every request to load or unload a model of that name, whatever else it says; null when nothing would.</summary>
    InferenceError? FindControlRefusal(string modelName);

    /// <summary>
    /// Loads a model, or anew what has changed of it, and waits until it serves. The load goes on when the caller stops waiting.
    /// </summary>
    /// <param name="modelName">The model's name.</param>
    /// <param name="replacement">A configuration, and perhaps files, in place of what lies in the repository; null for that.</param>
    /// <param name="cancellationToken">Signalled when the caller stops waiting.</param>
    /// <returns>
    /// Null when it serves. Unavailable when models are not controlled by request, InvalidArgument when it cannot be loaded, Internal when
    /// there is no such model. What served before goes on serving then.
    /// </returns>
    Task<InferenceError?> LoadModelAsync(string modelName, ModelOverride? replacement, CancellationToken cancellationToken);

    /// <summary>
    /// Unloads a model. Ends when no new request gets to it; those that it has are finished after that. A name that is not loaded is no error.
    /// </summary>
    /// <param name="modelName">The model's name.</param>
    /// <param name="withMembers">True to unload, with an ensemble, the models of its steps that no other ensemble uses.</param>
    /// <param name="cancellationToken">Signalled when the caller stops waiting.</param>
    /// <returns>Null, or Unavailable when models are not controlled by request.</returns>
    Task<InferenceError?> UnloadModelAsync(string modelName, bool withMembers, CancellationToken cancellationToken);

    /// <summary>
    /// Reads the counters of versions that are ready, by the model's name and the version's number, ascending.
    /// </summary>
    /// <param name="modelName">The model's name; empty for every model.</param>
    /// <param name="version">The version as the client wrote it; empty for every one of the model.</param>
    /// <param name="reports">The counters of each version at this moment.</param>
    /// <param name="error">
    /// InvalidArgument, also where there is no such model or version: of statistics, unlike of inference, that is what the protocol says.
    /// </param>
    bool TryReadStatistics(string modelName, string version, out ImmutableArray<ModelStatisticsReport> reports, [NotNullWhen(false)] out InferenceError? error);
}
