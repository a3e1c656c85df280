using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.XGBoost.Engine;

/// <summary>A model in the library.</summary>
internal sealed unsafe class Booster : IDisposable
{
    private readonly BoosterHandle _handle;

    private Booster(BoosterHandle handle) => _handle = handle;

    /// <summary>Reads a model.</summary>
    /// <param name="model">Its content, which <see cref="Models.ModelContent"/> has found to be sound.</param>
    /// <param name="shape">What was read from it.</param>
    /// <param name="settings">How many threads an execution may use.</param>
    /// <exception cref="BackendException">The library refuses it, or understands something else.</exception>
    public static Booster Load(ReadOnlySpan<byte> model, TreeModelShape shape, TreeSettings settings)
    {
        XGBoostLibrary.Check(XGBoostLibrary.BoosterCreate(0, 0, out var handle));
        var booster = new Booster(handle);
        try
        {
            XGBoostLibrary.Check(XGBoostLibrary.BoosterSetParam(handle, "nthread", settings.Threads.ToString(CultureInfo.InvariantCulture)));
            fixed (byte* first = model)
            {
                XGBoostLibrary.Check(XGBoostLibrary.BoosterLoadModelFromBuffer(handle, first, (ulong)model.Length));
            }

            booster.CheckShape(shape);
            return booster;
        }
        catch
        {
            booster.Dispose();
            throw;
        }
    }

    /// <summary>Copies rows into a matrix of the library.</summary>
    public static MatrixHandle MakeMatrix(in FeatureRows rows)
    {
        XGBoostLibrary.Check(XGBoostLibrary.MatrixCreateFromDense(Describe(rows.Pointer, rows.Count, rows.Columns, rows.DataType), "{\"missing\":NaN,\"nthread\":1}", out var matrix));
        return matrix;
    }

    /// <summary>Predicts from rows in place. The result is valid until this thread's next call.</summary>
    /// <exception cref="BackendException">The library fails.</exception>
    public float* Predict(in FeatureRows rows, Prediction kind, long width) => Predict(rows.Pointer, rows.Count, rows.Columns, rows.DataType, kind, width);

    /// <summary>Predicts from a matrix. The result is valid until this thread's next call.</summary>
    /// <exception cref="BackendException">The library fails.</exception>
    public float* Predict(MatrixHandle matrix, Prediction kind, int rows, long width)
    {
        XGBoostLibrary.Check(XGBoostLibrary.BoosterPredictFromMatrix(_handle, matrix, Configure(kind), out var shape, out var rank, out var result));
        CheckLength(kind, rows, width, shape, rank);
        return result;
    }

    public void Dispose() => _handle.Dispose();

    private float* Predict(nint data, int rows, int columns, TensorDataType type, Prediction kind, long width)
    {
        XGBoostLibrary.Check(XGBoostLibrary.BoosterPredictFromDense(_handle, Describe(data, rows, columns, type), Configure(kind), 0, out var shape, out var rank, out var result));
        CheckLength(kind, rows, width, shape, rank);
        return result;
    }

    private static void CheckLength(Prediction kind, int rows, long width, ulong* shape, ulong rank)
    {
        ulong length = 1;
        for (ulong i = 0; i < rank; i++)
        {
            length *= shape[i];
        }

        if (length != (ulong)(rows * width))
        {
            throw new BackendException($"XGBoost gives {length} numbers for {rows} rows ({kind}), expected {rows * width}");
        }
    }

    // The library's way to tell of memory that others own.
    private static string Describe(nint data, int rows, int columns, TensorDataType type) => string.Create(
        CultureInfo.InvariantCulture, $"{{\"data\":[{data},true],\"shape\":[{rows},{columns}],\"typestr\":\"{(type == TensorDataType.Fp64 ? "<f8" : "<f4")}\",\"version\":3}}");

    private static string Configure(Prediction kind) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"type\":{(int)kind},\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":true,\"missing\":NaN,\"cache_id\":0}}");

    /// <summary>
    /// One row of nothing but missing features through everything that can be asked. It also settles what the library otherwise settles with its first prediction, which two lanes
    /// must not do at once.
    /// </summary>
    private void CheckShape(TreeModelShape shape)
    {
        using var row = new NativeBlock((long)shape.Features * sizeof(float));
        new Span<float>((void*)row.Pointer, shape.Features).Fill(float.NaN);
        Predict(row.Pointer, 1, shape.Features, TensorDataType.Fp32, Prediction.Normal, shape.Predictions);
        Predict(row.Pointer, 1, shape.Features, TensorDataType.Fp32, Prediction.Raw, shape.Groups);
        XGBoostLibrary.Check(XGBoostLibrary.MatrixCreateFromDense(Describe(row.Pointer, 1, shape.Features, TensorDataType.Fp32), "{\"missing\":NaN,\"nthread\":1}", out var matrix));
        using (matrix)
        {
            Predict(matrix, Prediction.Leaves, 1, shape.Trees);
            Predict(matrix, Prediction.Contributions, 1, (long)shape.Groups * (shape.Features + 1));
        }
    }
}
