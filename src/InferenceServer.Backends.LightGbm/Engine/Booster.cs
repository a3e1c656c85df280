using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.LightGbm.Engine;

/// <summary>A model in the library.</summary>
internal sealed unsafe class Booster : IDisposable
{
    private const int Float32 = 0;
    private const int Float64 = 1;
    private const int AllIterations = -1;

    /// <summary>Fewer rows than this are not worth a thread.</summary>
    private const int RowsPerThread = 32;

    private readonly BoosterHandle _handle;

    /// <summary>
    /// The library computes the depths of the trees anew with each call for contributions, in the booster itself, and takes the memory for its ways by them: two such calls at once
    /// would write outside it. No other kind of prediction looks at the depths.
    /// </summary>
    private readonly Lock _contributions = new();

    private Booster(BoosterHandle handle) => _handle = handle;

    /// <summary>Reads a model.</summary>
    /// <param name="text">Its text, with a zero at the end, which <see cref="Text.ModelText"/> has found to be sound.</param>
    /// <param name="shape">What was read from it.</param>
    /// <param name="log">Where to say what the library says.</param>
    /// <exception cref="BackendException">The library refuses it, or understands something else.</exception>
    public static Booster Load(ReadOnlySpan<byte> text, TreeModelShape shape, IBackendLog log)
    {
        EngineMessages.SendTo(log);
        BoosterHandle handle;
        try
        {
            fixed (byte* first = text)
            {
                LightGbmLibrary.Check(LightGbmLibrary.BoosterLoadModelFromString(first, out _, out handle));
            }
        }
        finally
        {
            EngineMessages.SendTo(null);
        }

        var booster = new Booster(handle);
        try
        {
            booster.CheckShape(shape);
            return booster;
        }
        catch
        {
            booster.Dispose();
            throw;
        }
    }

    /// <summary>Predicts.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="kind">What is wanted.</param>
    /// <param name="result">Where to write it.</param>
    /// <param name="width">Numbers a row that it takes.</param>
    /// <param name="threads">How many threads may share the rows.</param>
    /// <exception cref="BackendException">The library fails.</exception>
    public void Predict(in FeatureRows rows, Prediction kind, nint result, long width, int threads)
    {
        if (kind == Prediction.Contributions)
        {
            lock (_contributions)
            {
                PredictPart(rows, 0, rows.Count, kind, result, width);
            }

            return;
        }

        var parts = Math.Min(threads, rows.Count / RowsPerThread);
        if (parts < 2)
        {
            PredictPart(rows, 0, rows.Count, kind, result, width);
            return;
        }

        PredictParts(rows, parts, kind, result, width);
    }

    public void Dispose() => _handle.Dispose();

    private void PredictParts(FeatureRows rows, int parts, Prediction kind, nint result, long width)
    {
        BackendException? failure = null;
        Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = parts }, part =>
        {
            var first = (int)((long)rows.Count * part / parts);
            var end = (int)((long)rows.Count * (part + 1) / parts);
            try
            {
                PredictPart(rows, first, end - first, kind, result, width);
            }
            catch (BackendException exception)
            {
                failure = exception;
            }
        });
        if (failure is not null)
        {
            throw new BackendException(failure.Code, failure.Message, failure);
        }
    }

    private void PredictPart(in FeatureRows rows, int first, int count, Prediction kind, nint result, long width)
    {
        if (count == 0)
        {
            return;
        }

        byte none = 0;
        var type = rows.DataType == TensorDataType.Fp64 ? Float64 : Float32;
        var data = rows.Pointer + (nint)(first * rows.Stride);
        var target = result + (nint)(first * width * sizeof(double));
        LightGbmLibrary.Check(LightGbmLibrary.BoosterPredictForMat(_handle, data, type, count, rows.Columns, 1, kind, 0, AllIterations, &none, out var length, target));
        if (length != count * width)
        {
            throw new BackendException($"LightGBM gave {length} numbers for {count} rows, expected {count * width}");
        }
    }

    private void CheckShape(TreeModelShape shape)
    {
        LightGbmLibrary.Check(LightGbmLibrary.BoosterNumberOfTotalModel(_handle, out var trees));
        if (trees != shape.Trees)
        {
            throw new BackendException($"the file has {shape.Trees} trees, and LightGBM finds {trees}");
        }

        (Prediction Kind, long Width)[] widths =
        [
            (Prediction.Normal, shape.Groups), (Prediction.Raw, shape.Groups), (Prediction.Leaves, shape.Trees), (Prediction.Contributions, (long)shape.Groups * (shape.Features + 1)),
        ];
        foreach (var (kind, width) in widths)
        {
            LightGbmLibrary.Check(LightGbmLibrary.BoosterCalcNumPredict(_handle, 1, kind, 0, AllIterations, out var length));
            if (length != width)
            {
                throw new BackendException($"a row of {shape.Features} features should get {width} numbers ({kind}), and LightGBM gives {length}");
            }
        }
    }
}
