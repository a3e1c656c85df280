using InferenceServer.Abstractions.Backends;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Writes what a backend says to the server's log, with the model that it says it of.</summary>
internal sealed class BackendLog(ILogger logger, string model, long version) : IBackendLog
{
    public void Info(string message) => LifecycleLog.BackendInfo(logger, model, version, message);

    public void Warning(string message) => LifecycleLog.BackendWarning(logger, model, version, message);
}
