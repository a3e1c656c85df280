using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Torch;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Torch;
using TorchSharp;

namespace InferenceServer.BackendOverhead.Subjects;

/// <summary>TorchSharp, in inference mode.</summary>
internal static class TorchSubjects
{
    private static readonly int[] s_rows = [1, 32];

    private const string Tangents = "  def forward(s: __torch__.Model,\n    x: Tensor) -> Tensor:\n    y = x\n    for _0 in range(100):\n      y = torch.tanh(y)\n    return y\n";

    public static async Task<IEnumerable<Subject>> MakeAsync(TemporaryDirectory folder) =>
    [
        .. await OfAsync("digits", Path.Combine(RepositoryFiles.Root, "samples", "torch-models", "digits_torchscript", "1", "model.pt"), [1, 8, 8], [10]),
        .. await OfAsync("100 tanh of 65 536", folder.Write("tangents.pt", ScriptArchive.Of(Tangents)), [65_536], [65_536]),
    ];

    private static async Task<IEnumerable<Subject>> OfAsync(string name, string file, long[] row, long[] result)
    {
        var model = await LoadedModel.LoadAsync(
            new TorchBackend(), file, [new TensorSpec("x", TensorDataType.Fp32, new TensorShape([-1, .. row]))], [new TensorSpec("y", TensorDataType.Fp32, new TensorShape([-1, .. result]))]);
        var module = torch.jit.load(file);
        module.eval();
        return s_rows.Select(rows =>
        {
            long[] shape = [rows, .. row];
            var values = new float[shape.Aggregate(1L, static (a, b) => a * b)];
            double Bare()
            {
                using var mode = torch.inference_mode();
                using var x = torch.tensor(values, shape);
                using var y = (torch.Tensor)module.call(x);
                return y.data<float>()[0];
            }

            return new Subject("pytorch", name, rows, Bare, model.Serve("x", new TensorShape(shape), values));
        }).ToList();
    }
}
