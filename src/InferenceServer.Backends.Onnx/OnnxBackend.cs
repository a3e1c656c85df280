using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Onnx.Messages;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx;

/// <summary>
/// Serves ONNX models on ONNX Runtime. All instances of a version share one session, and all sessions that do not ask for threads of
/// their own share one thread pool, so neither weights nor threads multiply with instances and models.
/// </summary>
public sealed class OnnxBackend : IBackend
{
    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = new("onnxruntime")
    {
        Platform = "onnxruntime_onnx",
        ModelFilenames = ["model.onnx"],
        BareFileExtension = ".onnx",
        DescribesModels = true,
        Settings = SessionSettingsReader.ServerKeys,
    };

    /// <inheritdoc />
    public void Prepare(ModelLoadContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (intraOpThreads, interOpThreads) = SessionSettingsReader.ReadShared(context);
        OnnxEnvironment.Get(intraOpThreads, interOpThreads);
    }

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        if (context.ModelFile is not { } file)
        {
            throw new BackendException(ErrorCode.InvalidArgument, "the onnxruntime backend needs a model file, and none was given");
        }

        var settings = SessionSettingsReader.Read(context);
        try
        {
            return ValueTask.FromResult<IBackendModel>(Load(context, file, settings, cancellationToken));
        }
        catch (OnnxRuntimeException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (UncarriedTypes.FindIn(exception.Message) is { } type)
            {
                throw new BackendException(
                    ErrorCode.Unsupported,
                    $"'{Path.GetFileName(file)}' has an input or output of the type {type}, which no protocol can carry; put a Cast to another type there",
                    exception);
            }

            var message = EngineMessage.Read(exception.Message, Path.GetDirectoryName(file));
            throw new BackendException(ErrorCode.Internal, $"'{Path.GetFileName(file)}' cannot be loaded: {message.Text}", exception);
        }
    }

    private static OnnxModel Load(ModelLoadContext context, string file, SessionSettings settings, CancellationToken cancellation)
    {
        var environment = OnnxEnvironment.Get(settings.SharedIntraOpThreads, settings.SharedInterOpThreads);
        var log = environment.Log.Add(context);
        using var change = NativeHeap.BeginChange();
        InferenceSession? session = null;
        try
        {
            using (var options = settings.ToOptions(context.ProcessorCount, environment.HasSharedThreads, log.Id))
            using (cancellation.UnsafeRegister(static state => ((SessionOptions)state!).SetLoadCancellationFlag(true), options))
            {
                session = new InferenceSession(file, options);
            }

            var signature = SignatureReader.Read(session, context);
            return new OnnxModel(session, signature, settings, log);
        }
        catch
        {
            session?.Dispose();
            log.Dispose();
            throw;
        }
    }
}
