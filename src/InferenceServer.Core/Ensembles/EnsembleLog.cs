using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Ensembles;

/// <summary>Log messages of ensembles: event ids 3100 to 3199.</summary>
internal static partial class EnsembleLog
{
    [LoggerMessage(3100, LogLevel.Error, "Ensemble {Ensemble} version {Version}: {Step} failed with an unexpected exception")]
    public static partial void StepThrew(ILogger logger, Exception exception, string ensemble, long version, string step);

    [LoggerMessage(3101, LogLevel.Error, "Ensemble {Ensemble} version {Version}: the answer of a request could not be made")]
    public static partial void AnswerThrew(ILogger logger, Exception exception, string ensemble, long version);
}
