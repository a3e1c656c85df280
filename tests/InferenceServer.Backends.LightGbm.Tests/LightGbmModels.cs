using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Backends.LightGbm.Tests;

/// <summary>Loads and runs models as a server would.</summary>
internal static class LightGbmModels
{
    public static string BreastCancer { get; } = Path.Combine(RepositoryFiles.Root, "samples", "tree-models", "breast_cancer_lightgbm", "1", "model.txt");

    public static string ThreeClasses { get; } = RepositoryFiles.TestData("trees/lightgbm_three_classes.txt");

    public static string Categories { get; } = RepositoryFiles.TestData("trees/lightgbm_categories.txt");

    public static string Linear { get; } = RepositoryFiles.TestData("trees/lightgbm_linear.txt");

    public static ModelLoadContext Context(string? file, params ReadOnlySpan<(string Key, string Value)> parameters) => new()
    {
        ModelName = "test",
        Version = 1,
        ModelFile = file,
        Parameters = parameters.ToArray().ToDictionary(static pair => pair.Key, static pair => pair.Value),
        Log = new RecordingBackendLog(),
    };

    public static IBackendModel Load(ModelLoadContext context)
    {
        // The library loads on the calling thread: there is nothing to wait for.
        var loading = new LightGbmBackend().LoadAsync(context, CancellationToken.None).AsTask();
        Assert.True(loading.IsCompleted);
        return loading.GetAwaiter().GetResult();
    }

    public static IBackendModel Load(string file, params ReadOnlySpan<(string Key, string Value)> parameters) => Load(Context(file, parameters));

    public static IBackendModel LoadText(string text)
    {
        using var directory = new TemporaryDirectory();
        return Load(directory.Write("model.txt", text));
    }

    public static IBackendModel LoadBytes(byte[] text)
    {
        using var directory = new TemporaryDirectory();
        return Load(directory.Write("model.txt", text));
    }

    public static BackendException LoadFails(Func<IBackendModel> load)
    {
        try
        {
            load().Dispose();
        }
        catch (BackendException error)
        {
            Assert.DoesNotContain(Path.GetTempPath(), error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
            return error;
        }

        Assert.Fail("the model was loaded");
        return null;
    }

    /// <summary>Rows of made-up features, the same at each call.</summary>
    public static TestTensor Made(int rows, int features) =>
        TestTensor.Fp32("features", new TensorShape(rows, features), [.. Enumerable.Range(0, rows * features).Select(static i => (i * 37 % 101) * 0.7f)]);
}
