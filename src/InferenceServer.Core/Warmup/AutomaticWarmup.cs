using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Warmup;

/// <summary>
/// Has lanes of a version whose configuration gives no samples run inputs of zeros, with one row and with as many as the model takes. What is made up proves nothing
/// against a model: where it fails, that is told and the version serves. Statistics and metrics do not show it.
/// </summary>
internal sealed class AutomaticWarmup(BackgroundThreads threads, ITensorAllocator allocator, TimeProvider time, SchedulerOptions scheduling, ILogger<AutomaticWarmup> logger)
{
    /// <summary>The most bytes of inputs that are made up.</summary>
    public const long MaxBytes = 64 << 20;

    private const string Name = "automatic warm-up";

    /// <summary>The largest batch is left out when it would probably take longer than this.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly WarmupExecutor _executor = new(threads, time, scheduling);

    /// <summary>Warms lanes up that nobody else uses yet.</summary>
    /// <param name="served">The version.</param>
    /// <param name="lanes">Its lanes, or some that are about to be.</param>
    /// <param name="cancellationToken">Ends the warm-up, as far as the backend can stop a run.</param>
    /// <exception cref="OperationCanceledException">The warm-up was ended.</exception>
    public async Task RunAsync(ServedModel served, IReadOnlyList<InstanceRunner> lanes, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            var rows = new List<int>();
            foreach (var lane in lanes)
            {
                var single = time.GetTimestamp();
                if (!await TryRunAsync(served, lane, 1, rows, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }

                var most = served.Config.MaxBatchSize;
                if (most > 1 && time.GetElapsedTime(single) * most <= s_patience && !await TryRunAsync(served, lane, most, rows, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }

            if (rows.Count > 0)
            {
                var sizes = string.Join(" and ", rows.Distinct().Order());
                WarmupLog.AutomaticallyWarm(logger, served.Name, served.Version, sizes, time.GetElapsedTime(started).TotalMilliseconds, lanes.Count);
            }
        }
        catch (BackendException exception)
        {
            WarmupLog.AutomaticFailed(logger, served.Name, served.Version, exception.Message);
        }
    }

    private async Task<bool> TryRunAsync(ServedModel served, InstanceRunner lane, int rows, List<int> done, CancellationToken cancellationToken)
    {
        if (!Fits(served, rows))
        {
            return true;
        }

        var inputs = new List<TensorView>();
        try
        {
            foreach (var input in served.Config.Inputs.Where(static input => !input.IsOptional))
            {
                inputs.Add(Zeros(input.Name, input.DataType, ShapeOf(input.Shape, rows)));
            }

            if (await _executor.ExecuteAsync(served, lane, 1, Name, inputs, isCounted: false, cancellationToken).ConfigureAwait(false) is not { } error)
            {
                done.Add(rows);
                return true;
            }

            var shapes = string.Join(", ", inputs.Select(static input => string.Create(CultureInfo.InvariantCulture, $"{input.Name} {input.Shape}")));
            WarmupLog.AutomaticFailed(logger, served.Name, served.Version, $"inputs of zeros ({shapes}): {error.Message}");
            return false;
        }
        finally
        {
            inputs.ForEach(static input => input.Dispose());
        }
    }

    /// <summary>The shape with so many rows, and 1 for what else is free.</summary>
    private static TensorShape ShapeOf(TensorShape shape, int rows)
    {
        Span<long> dims = stackalloc long[TensorShape.MaxRank];
        shape.AsSpan().CopyTo(dims);
        for (var i = 0; i < shape.Rank; i++)
        {
            dims[i] = dims[i] != TensorShape.Free ? dims[i] : i == 0 ? rows : 1;
        }

        return new TensorShape(dims[..shape.Rank]);
    }

    private static bool Fits(ServedModel served, int rows)
    {
        var left = MaxBytes;
        foreach (var input in served.Config.Inputs.Where(static input => !input.IsOptional))
        {
            if (!ShapeOf(input.Shape, rows).TryGetElementCount(out var elements) || elements > left / SizeOf(input.DataType))
            {
                return false;
            }

            left -= elements * SizeOf(input.DataType);
        }

        return true;
    }

    /// <summary>The bytes of a zero; an empty string is its length in front of nothing.</summary>
    private static long SizeOf(TensorDataType type) => type == TensorDataType.Bytes ? BytesTensor.PrefixSize : type.ElementSize();

    private TensorView Zeros(string name, TensorDataType type, TensorShape shape)
    {
        shape.TryGetElementCount(out var elements);
        var buffer = allocator.Rent(elements * SizeOf(type));
        buffer.Span.Clear();
        return new TensorView(name, type, shape, buffer);
    }
}
