using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.LightGbm.Engine;
using InferenceServer.Backends.LightGbm.Text;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.LightGbm;

/// <summary>Serves LightGBM models by the library's own code. All instances of a version share one booster.</summary>
public sealed class LightGbmBackend : IBackend
{
    private const string Name = "lightgbm";

    private readonly FileSystem _files = new();

    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = new(Name)
    {
        ModelFilenames = ["model.txt"],
        DescribesModels = true,
        Settings = [TreeSettings.ThreadsKey],
    };

    /// <inheritdoc />
    public void Prepare(ModelLoadContext context) => LightGbmLibrary.Prepare();

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        LightGbmLibrary.Prepare();
        var settings = TreeSettings.Read(context, Name);
        var text = ModelFile.ReadTerminated(_files, context, Name);
        if (!ModelText.TryRead(text.AsSpan(0, text.Length - 1), out var model, out var problem))
        {
            throw ModelFile.Refuse(context, problem);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var booster = Load(context, text, model);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult<IBackendModel>(new LightGbmModel(booster, model.Shape, TreeSignature.Make(model.Shape, context, TensorDataType.Fp64), settings));
        }
        catch
        {
            booster.Dispose();
            throw;
        }
    }

    private static Booster Load(ModelLoadContext context, byte[] text, ModelText model)
    {
        // Where each tree begins is known without the sizes that the file gives, which the library would believe and which a change of line ends makes wrong.
        model.HideSizes(text);
        text[model.Length] = 0;
        try
        {
            return Booster.Load(text, model.Shape, context.Log);
        }
        catch (BackendException exception)
        {
            throw ModelFile.Refuse(context, exception.Message, exception);
        }
    }
}
