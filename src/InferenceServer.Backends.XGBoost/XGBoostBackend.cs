using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Trees;
using InferenceServer.Backends.XGBoost.Engine;
using InferenceServer.Backends.XGBoost.Models;

namespace InferenceServer.Backends.XGBoost;

/// <summary>Serves XGBoost models by the library that the machine has. All instances of a version share one booster.</summary>
public sealed class XGBoostBackend : IBackend
{
    private const string Name = "xgboost";

    private readonly FileSystem _files = new();

    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = new(Name)
    {
        ModelFilenames = ["model.json", "model.ubj", "model.model"],
        DescribesModels = true,
        Settings = [TreeSettings.ThreadsKey, XGBoostLibrary.PathKey],
    };

    /// <inheritdoc />
    public void Prepare(ModelLoadContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        XGBoostLibrary.Prepare(context.BackendSettings.GetValueOrDefault(XGBoostLibrary.PathKey));
    }

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        Prepare(context);
        var settings = TreeSettings.Read(context, Name);
        var bytes = ModelFile.ReadTerminated(_files, context, Name);
        if (!ModelContent.TryRead(bytes.AsMemory(0, bytes.Length - 1), out var model, out var problem))
        {
            throw ModelFile.Refuse(context, problem);
        }

        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var booster = Booster.Load(model.Bytes.Span, model.Shape, settings);
            return ValueTask.FromResult<IBackendModel>(new XGBoostModel(booster, model.Shape, TreeSignature.Make(model.Shape, context, TensorDataType.Fp32)));
        }
        catch (BackendException exception)
        {
            throw ModelFile.Refuse(context, exception.Message, exception);
        }
    }
}
