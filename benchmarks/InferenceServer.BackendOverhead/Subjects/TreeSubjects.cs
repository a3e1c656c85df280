using System.Globalization;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.LightGbm;
using InferenceServer.Backends.LightGbm.Engine;
using InferenceServer.Backends.XGBoost;
using InferenceServer.Backends.XGBoost.Engine;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Trees;

namespace InferenceServer.BackendOverhead.Subjects;

/// <summary>LightGBM and XGBoost by their C APIs, on one thread.</summary>
internal static class TreeSubjects
{
    private const int Columns = BreastCancer.Features;

    private static readonly int[] s_rows = [1, 32, 16_384];

    public static float[] Rows(int count) => [.. Enumerable.Range(0, count).SelectMany(static row => BreastCancer.Row(row % BreastCancer.Count))];

    public static async Task<IEnumerable<Subject>> LightGbmAsync()
    {
        var file = Sample("lightgbm", "model.txt");
        return LightGbm(file, await LoadedModel.LoadAsync(new LightGbmBackend(), file));
    }

    private static unsafe List<Subject> LightGbm(string file, LoadedModel model)
    {
        fixed (byte* text = (byte[])[.. File.ReadAllBytes(file), 0])
        {
            LightGbmLibrary.Check(LightGbmLibrary.BoosterLoadModelFromString(text, out _, out var booster));
            return s_rows.Select(rows =>
            {
                var values = Pinned(Rows(rows));
                var result = GC.AllocateArray<double>(rows, pinned: true);
                double Bare()
                {
                    byte none = 0;
                    fixed (float* data = values)
                    fixed (double* target = result)
                    {
                        LightGbmLibrary.Check(LightGbmLibrary.BoosterPredictForMat(booster, (nint)data, 0, rows, Columns, 1, Backends.LightGbm.Engine.Prediction.Normal, 0, -1, &none, out _, (nint)target));
                    }

                    return result[0];
                }

                return new Subject("lightgbm", "breast cancer, 60 trees", rows, Bare, model.Serve("features", new TensorShape(rows, Columns), values));
            }).ToList();
        }
    }

    public static async Task<IEnumerable<Subject>> XGBoostAsync()
    {
        var file = Sample("xgboost", "model.json");
        return XGBoost(file, await LoadedModel.LoadAsync(new XGBoostBackend(), file));
    }

    private static unsafe List<Subject> XGBoost(string file, LoadedModel model)
    {
        XGBoostLibrary.Check(XGBoostLibrary.BoosterCreate(0, 0, out var booster));
        XGBoostLibrary.Check(XGBoostLibrary.BoosterSetParam(booster, "nthread", "1"));
        fixed (byte* content = File.ReadAllBytes(file))
        {
            XGBoostLibrary.Check(XGBoostLibrary.BoosterLoadModelFromBuffer(booster, content, (ulong)new FileInfo(file).Length));
        }

        const string config = "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":true,\"missing\":NaN,\"cache_id\":0}";
        return s_rows.Select(rows =>
        {
            var values = Pinned(Rows(rows));
            var result = new float[rows];
            double Bare()
            {
                fixed (float* data = values)
                {
                    var matrix = string.Create(CultureInfo.InvariantCulture, $"{{\"data\":[{(nint)data},true],\"shape\":[{rows},{Columns}],\"typestr\":\"<f4\",\"version\":3}}");
                    XGBoostLibrary.Check(XGBoostLibrary.BoosterPredictFromDense(booster, matrix, config, 0, out _, out _, out var found));
                    new ReadOnlySpan<float>(found, rows).CopyTo(result);
                }

                return result[0];
            }

            return new Subject("xgboost", "breast cancer, 60 trees", rows, Bare, model.Serve("features", new TensorShape(rows, Columns), values));
        }).ToList();
    }

    private static float[] Pinned(float[] values)
    {
        var pinned = GC.AllocateUninitializedArray<float>(values.Length, pinned: true);
        values.CopyTo(pinned, 0);
        return pinned;
    }

    private static string Sample(string framework, string file) => Path.Combine(RepositoryFiles.Root, "samples", "tree-models", $"breast_cancer_{framework}", "1", file);
}
