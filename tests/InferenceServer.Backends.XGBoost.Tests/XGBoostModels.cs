using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Backends.XGBoost.Engine;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Backends.XGBoost.Tests;

/// <summary>Loads and runs models as a server would.</summary>
internal static class XGBoostModels
{
    public static string BreastCancer { get; } = Path.Combine(RepositoryFiles.Root, "samples", "tree-models", "breast_cancer_xgboost", "1", "model.json");

    public static string Ubj { get; } = RepositoryFiles.TestData("trees/xgboost_bc.ubj");

    public static string Binary { get; } = RepositoryFiles.TestData("trees/xgboost_bc.model");

    public static string Iris { get; } = RepositoryFiles.TestData("trees/xgboost_iris.json");

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
        var loading = new XGBoostBackend().LoadAsync(context, CancellationToken.None).AsTask();
        Assert.True(loading.IsCompleted);
        return loading.GetAwaiter().GetResult();
    }

    public static IBackendModel Load(string file, params ReadOnlySpan<(string Key, string Value)> parameters) => Load(Context(file, parameters));

    /// <summary>Skips the test where the library is not installed.</summary>
    public static void NeedLibrary()
    {
        try
        {
            XGBoostLibrary.Prepare(null);
        }
        catch (BackendException error)
        {
            Assert.Skip(error.Message);
        }
    }

    public static IBackendModel LoadText(string text)
    {
        using var directory = new TemporaryDirectory();
        return Load(directory.Write("model.json", text));
    }

    public static IBackendModel LoadBytes(byte[] text)
    {
        using var directory = new TemporaryDirectory();
        return Load(directory.Write("model.json", text));
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
