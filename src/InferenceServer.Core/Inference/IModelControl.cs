using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
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

    /// <summary>Ends when the server begins to stop.</summary>
    Task Stopping { get; }

    /// <summary>
    /// Ends when the first wanted set of models has settled, or when a question has been held up for it as long as it may be: then it gets
    /// the answer of the moment. A front end waits before it asks for a model, so that a client which comes while the server starts is
    /// answered late instead of being told that its model does not exist.
    /// </summary>
    ValueTask WaitForStartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Describes a ready version of a model.
    /// </summary>
    /// <param name="modelName">The model's name.</param>
    /// <param name="version">The version as the client wrote it; empty for the highest one that is ready.</param>
    /// <param name="description">The description.</param>
    /// <param name="error">NotFound, Unavailable (the version exists and is not ready) or InvalidArgument (the version is no number).</param>
    bool TryDescribe(string modelName, string version, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error);

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
