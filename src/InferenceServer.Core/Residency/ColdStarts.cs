using System.Globalization;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Residency;

/// <summary>Where requests wait for models that are loaded on demand. However many wait for one model, it is loaded once.</summary>
internal sealed class ColdStarts(ModelManager manager, ResidencyOptions options, TimeProvider time)
{
    private int _waiting;

    /// <summary>Has a model loaded, and waits for a lease on it.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="version">A version that the catalog knows, as a number; empty for the highest one.</param>
    /// <param name="cancellationToken">Signalled when the client has gone.</param>
    public async ValueTask<LeaseOutcome> AcquireAsync(string model, string version, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > options.MaxColdRequests)
            {
                return LeaseOutcome.Failure(ResidencyErrors.TooManyWaiting(model, options.MaxColdRequests));
            }

            var start = new ColdStart(model, version.Length == 0 ? null : long.Parse(version, NumberStyles.None, CultureInfo.InvariantCulture));
            manager.Demand(start);
            using var timer = time.CreateTimer(static state => Expire((ColdStart)state!), start, options.ColdStartTimeout, Timeout.InfiniteTimeSpan);
            await using var gone = cancellationToken.UnsafeRegister(static state => Abandon((ColdStart)state!), start).ConfigureAwait(false);
            return await start.Outcome.ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private static void Expire(ColdStart start) => start.Fail(ResidencyErrors.LoadTookTooLong(start.Model));

    private static void Abandon(ColdStart start) => start.Fail(InferenceErrors.Cancelled(start.Model));
}
