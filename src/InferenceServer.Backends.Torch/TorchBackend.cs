using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Torch.Archives;
using InferenceServer.Backends.Torch.Bindings;
using InferenceServer.Backends.Torch.Engine;
using InferenceServer.Backends.Torch.Executions;
using InferenceServer.Backends.Torch.Scripts;

namespace InferenceServer.Backends.Torch;

/// <summary>
/// Serves TorchScript models on libtorch. A model's code says what its methods take and give; the configuration says of which element types and shapes. Instances on one device share
/// one copy of the weights, unless the model changes itself as it runs.
/// </summary>
public sealed class TorchBackend : IBackend
{
    private readonly IEngine _engine;
    private readonly FileSystem _files = new();

    /// <summary>Makes the backend.</summary>
    public TorchBackend()
        : this(new TorchEngine())
    {
    }

    internal TorchBackend(IEngine engine) => _engine = engine;

    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = new("pytorch")
    {
        Platform = "pytorch_libtorch",
        ModelFilenames = ["model.pt"],
        BareFileExtension = ".pt",
        DescribesModels = true,
        RunsOnGpus = true,
        Settings = TorchSettingsReader.ServerKeys,
    };

    /// <inheritdoc />
    public void Prepare(ModelLoadContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        NativeLibraries.Load(TorchSettingsReader.ReadInterOp(context));
    }

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        if (context.ModelFile is not { } path)
        {
            throw new BackendException(ErrorCode.InvalidArgument, "the pytorch backend needs a model file, and none was given");
        }

        try
        {
            using var file = _files.FileStream.New(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return ValueTask.FromResult<IBackendModel>(Load(context, path, file, cancellationToken));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackendException(ErrorCode.Unavailable, $"'{Path.GetFileName(path)}' cannot be read: {exception.GetType().Name}", exception);
        }
    }

    private TorchModel Load(ModelLoadContext context, string path, Stream file, CancellationToken cancellation)
    {
        var settings = TorchSettingsReader.Read(context);
        var archive = ArchiveReader.Read(file, Path.GetFileName(path), cancellation);
        CheckReach(context, archive);
        var root = archive.FindRoot();
        if (root.FindMethod(settings.Method, archive.MakeTypeReader()) is not var (self, method))
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"the model has no method '{settings.Method}'; it has {string.Join(", ", root.Methods)}");
        }

        if (context.DeclaredInputs.IsEmpty || context.DeclaredOutputs.IsEmpty)
        {
            throw new BackendException(ErrorCode.InvalidArgument, ConfigurationExample.Explain(method, context));
        }

        var binding = new MethodBinding(
            method,
            ArgumentBinder.Bind(context.DeclaredInputs, method),
            ResultBinder.Bind(context.DeclaredOutputs, method),
            new ModelSignature(context.DeclaredInputs, context.DeclaredOutputs) { KeepsState = archive.ChangesItself });
        var source = new ModuleSource(path, binding.IsDirect ? null : ArchiveWriter.AddMethod(file, archive, root, ServingMethod.Write(binding, self)));
        var plan = new ExecutionPlan(binding, binding.IsDirect ? method.Name : ServingMethod.Name, binding.IsDirect, archive.ChangesItself, settings);
        var isShared = settings.SharesWeights ?? !archive.ChangesItself;
        if (archive.ChangesItself)
        {
            context.Log.Info(
                $"the model changes values of its own as it runs, so {(isShared ? "requests of all its instances see what others have done, as ENABLE_WEIGHT_SHARING asks" : "each instance has a copy of its weights, and what a request leaves behind is seen by the next one of that instance")}");
        }

        cancellation.ThrowIfCancellationRequested();
        var model = new TorchModel(_engine, source, plan, isShared, archive.WeightBytes, context.Log);
        try
        {
            model.LoadFor(context.Placements);
            if (context.IsTrial)
            {
                model.TryRuns();
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void CheckReach(ModelLoadContext context, TorchArchive archive)
    {
        if (!TorchSettingsReader.AllowsFiles(context) && archive.Code.Values.Select(OutsideWorld.FindIn).FirstOrDefault(static name => name is not null) is { } name)
        {
            throw new BackendException(
                ErrorCode.PermissionDenied,
                $"the model's code uses '{name}', by which it may read or write files or reach other machines; where all models are trusted, start the server with --backend-config=pytorch,{TorchSettingsReader.FilesKey}=1");
        }
    }
}
