using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Identity;

/// <summary>What a model's parameters ask of this backend.</summary>
/// <param name="Delay">How long each execution takes.</param>
/// <param name="FailEvery">Every how many executions of the model one fails; 0 for never.</param>
/// <param name="FailMessage">What a failing execution says.</param>
internal sealed record IdentitySettings(TimeSpan Delay, long FailEvery, string FailMessage)
{
    public const string DelayKey = "execute_delay_ms";
    public const string FailKey = "fail";
    public const string FailEveryKey = "fail_every";

    private const string DefaultMessage = "the model is configured to fail";

    /// <summary>One day: a longer delay is a mistake in the unit.</summary>
    public const double MaxDelayMilliseconds = 24 * 60 * 60 * 1000;

    /// <exception cref="BackendException">A value is not what its parameter takes; the message lists all of them.</exception>
    public static IdentitySettings Read(IReadOnlyDictionary<string, string> parameters, IBackendLog log)
    {
        var errors = new List<string>();
        var delay = TimeSpan.Zero;
        var every = 0L;
        string? message = null;
        foreach (var (key, value) in parameters)
        {
            switch (key)
            {
                case DelayKey:
                    delay = ReadDelay(value, errors);
                    break;
                case FailEveryKey:
                    every = ReadEvery(value, errors);
                    break;
                case FailKey:
                    message = ReadMessage(value, errors);
                    break;
                default:
                    log.Warning($"parameter '{key}' is unknown to the identity backend and has no effect; known are {string.Join(", ", ExampleParameters.OfIdentity.Select(static one => one.Name))}");
                    break;
            }
        }

        if (errors.Count > 0)
        {
            throw new BackendException(ErrorCode.InvalidArgument, string.Join("; ", errors));
        }

        // A message alone means that every execution fails with it.
        return new IdentitySettings(delay, every == 0 && message is not null ? 1 : every, message ?? DefaultMessage);
    }

    private static TimeSpan ReadDelay(string value, List<string> errors)
    {
        if (double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds <= MaxDelayMilliseconds)
        {
            return TimeSpan.FromMilliseconds(milliseconds);
        }

        errors.Add($"parameter '{DelayKey}': expected milliseconds from 0 to {MaxDelayMilliseconds:F0}, got '{value}'");
        return TimeSpan.Zero;
    }

    private static long ReadEvery(string value, List<string> errors)
    {
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var every) && every >= 1)
        {
            return every;
        }

        errors.Add($"parameter '{FailEveryKey}': expected a whole number of at least 1, got '{value}'");
        return 0;
    }

    private static string ReadMessage(string value, List<string> errors)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            errors.Add($"parameter '{FailKey}': expected the message of the failure, got an empty value");
        }

        return value;
    }
}
