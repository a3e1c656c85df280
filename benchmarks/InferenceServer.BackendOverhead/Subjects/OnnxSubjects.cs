using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.BackendOverhead.Subjects;

/// <summary>ONNX Runtime by its managed API, on the same threads.</summary>
internal static class OnnxSubjects
{
    private static readonly int[] s_rows = [1, 32];

    public static async Task<IEnumerable<Subject>> MakeAsync(TemporaryDirectory folder)
    {
        var perceptron = folder.Write("perceptron.onnx", PerceptronModel.Of(2048, 4));
        return
        [
            .. await OfAsync("digits", RepositoryFiles.SampleModel("digits"), "image", "probs", [1, 8, 8]),
            .. await OfAsync("perceptron 4 x 2048", perceptron, "X", "Y", [2048]),
        ];
    }

    private static async Task<IEnumerable<Subject>> OfAsync(string name, string file, string input, string output, long[] row)
    {
        var model = await LoadedModel.LoadAsync(new OnnxBackend(), file);

        // After the backend, which sets up the threads that both use. The arena is off there, too.
        using var options = new SessionOptions { EnableCpuMemArena = false, EnableMemoryPattern = false };
        options.DisablePerSessionThreads();
        var session = new InferenceSession(file, options);
        return s_rows.Select(rows =>
        {
            long[] shape = [rows, .. row];
            var values = new float[shape.Aggregate(1L, static (a, b) => a * b)];
            var run = new RunOptions();
            double Bare()
            {
                using var x = OrtValue.CreateTensorValueFromMemory(values, shape);
                using var results = session.Run(run, [input], [x], [output]);
                return results[0].GetTensorDataAsSpan<float>()[0];
            }

            return new Subject("onnxruntime", name, rows, Bare, model.Serve(input, new TensorShape(shape), values));
        }).ToList();
    }
}
