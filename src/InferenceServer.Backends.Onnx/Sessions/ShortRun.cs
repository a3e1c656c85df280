using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>Finds out how long one row takes in a session, before anybody asks for one.</summary>
internal static class ShortRun
{
    private const int Runs = 5;
    private const int MostElements = 1 << 16;

    // A model that goes on and on with what it is given here is not a short one.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(20);

    /// <summary>The least of a few runs with inputs of zeros; null where that says nothing: when an input has free dimensions beside the first, or none of numbers, or the model does not take zeros.</summary>
    /// <param name="session">The session.</param>
    /// <param name="time">The clock.</param>
    public static TimeSpan? Measure(InferenceSession session, TimeProvider time)
    {
        if (!session.InputMetadata.Values.All(IsTold))
        {
            return null;
        }

        var inputs = new List<OrtValue>();
        using var options = new RunOptions();
        using var patience = new Patience(options, time);
        try
        {
            foreach (var input in session.InputMetadata.Values)
            {
                inputs.Add(OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, input.ElementDataType, ShapeOf(input)));
                inputs[^1].GetTensorMutableRawData().Clear();
            }

            return Measure(session, options, inputs, time);
        }
        catch (OnnxRuntimeException)
        {
            // It does not take zeros, or not in that time.
            return null;
        }
        finally
        {
            inputs.ForEach(static input => input.Dispose());
        }
    }

    private static TimeSpan Measure(InferenceSession session, RunOptions options, List<OrtValue> inputs, TimeProvider time)
    {
        string[] names = [.. session.InputMetadata.Keys];
        string[] outputs = [.. session.OutputMetadata.Keys];
        var least = TimeSpan.MaxValue;
        for (var i = 0; i < Runs; i++)
        {
            var begun = time.GetTimestamp();
            using var answers = session.Run(options, names, inputs, outputs);
            var took = time.GetElapsedTime(begun);
            least = took < least ? took : least;
        }

        return least;
    }

    private static bool IsTold(NodeMetadata input) =>
        input.IsTensor && !input.IsString && input.Dimensions.Skip(1).All(static size => size > 0) && ShapeOf(input).Aggregate(1L, static (product, size) => Math.Min(product * size, MostElements + 1)) <= MostElements;

    private static long[] ShapeOf(NodeMetadata input) => [.. input.Dimensions.Select(static size => size > 0 ? size : 1L)];

    /// <summary>Ends the runs when they have taken long enough. A timer that fires at the last moment finds that they are over: the engine's object is gone then.</summary>
    private sealed class Patience : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly RunOptions _options;
        private readonly ITimer _timer;
        private bool _isOver;

        public Patience(RunOptions options, TimeProvider time)
        {
            _options = options;
            _timer = time.CreateTimer(static state => ((Patience)state!).End(), this, s_patience, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            _timer.Dispose();
            lock (_lock)
            {
                _isOver = true;
            }
        }

        private void End()
        {
            lock (_lock)
            {
                if (!_isOver)
                {
                    _options.Terminate = true;
                }
            }
        }
    }
}
