using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Onnx.Messages;
using InferenceServer.Backends.Onnx.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>
/// Makes the sessions of one version from the graph that an earlier load has left, or leaves one for those to come. Whatever goes wrong with it is told in the log, and the model is
/// loaded from its own file.
/// </summary>
internal sealed class GraphCache(GraphStore store, IFileSystem files, ModelLoadContext context, string modelFile, SessionSettings settings)
{
    /// <summary>Smaller tensors are faster read as part of the graph than mapped one by one. Bytes.</summary>
    private const string LargeTensor = "262144";

    private const string WeightsEntry = "session.optimized_model_external_initializers_file_name";
    private const string LargeTensorEntry = "session.optimized_model_external_initializers_min_size_in_bytes";

    private bool _isOff;
    private string? _key;

    /// <summary>Makes a session.</summary>
    /// <param name="open">Makes it from a file, with options that are changed by what is given.</param>
    /// <param name="cancellation">Ends the load.</param>
    public InferenceSession Open(Func<string, Action<SessionOptions>, InferenceSession> open, CancellationToken cancellation)
    {
        if (Key(cancellation) is not { } key)
        {
            return open(modelFile, static _ => { });
        }

        return OpenKept(key, open, cancellation) ?? OpenAndKeep(key, open, cancellation);
    }

    private InferenceSession? OpenKept(string key, Func<string, Action<SessionOptions>, InferenceSession> open, CancellationToken cancellation)
    {
        var kept = store.Find(key, cancellation, out var fault);
        if (kept is not null)
        {
            try
            {
                var session = open(kept, static options => options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL);
                context.Log.Info("the optimised graph of an earlier load was used");
                return session;
            }
            catch (OnnxRuntimeException exception) when (!cancellation.IsCancellationRequested)
            {
                fault = EngineMessage.Read(exception.Message, Path.GetDirectoryName(kept)).Text;
                store.Remove(key);
            }
        }

        if (fault is not null)
        {
            context.Log.Warning($"the optimised graph of an earlier load was thrown away: {fault}; the model is loaded from its own file");
        }

        return null;
    }

    private InferenceSession OpenAndKeep(string key, Func<string, Action<SessionOptions>, InferenceSession> open, CancellationToken cancellation)
    {
        string draft;
        try
        {
            draft = store.BeginDraft();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return OpenWithout(exception, open);
        }

        try
        {
            InferenceSession session;
            try
            {
                session = open(modelFile, options => WriteTo(options, draft));
            }
            catch (OnnxRuntimeException exception) when (!cancellation.IsCancellationRequested)
            {
                // The model may be at fault, or the place where its graph was to be written: the same without it tells.
                return OpenWithout(exception, open);
            }

            Keep(draft, key, cancellation);
            return session;
        }
        finally
        {
            store.EndDraft(draft);
        }
    }

    private static void WriteTo(SessionOptions options, string draft)
    {
        options.OptimizedModelFilePath = Path.Combine(draft, GraphManifest.ModelName);
        options.AddSessionConfigEntry(WeightsEntry, GraphManifest.WeightsName);
        options.AddSessionConfigEntry(LargeTensorEntry, LargeTensor);
    }

    private InferenceSession OpenWithout(Exception exception, Func<string, Action<SessionOptions>, InferenceSession> open)
    {
        var session = open(modelFile, static _ => { });
        Warn(exception);
        return session;
    }

    private void Keep(string draft, string key, CancellationToken cancellation)
    {
        try
        {
            // The file may have been replaced while the engine read it; what it has read is then not known.
            if (GraphKey.Of(files, modelFile, settings, cancellation) != key)
            {
                context.Log.Warning("the optimised graph was not kept: the model's files changed while they were read");
                return;
            }

            context.Log.Info(store.Publish(draft, key) is { } bytes
                ? FormattableString.Invariant($"the optimised graph was kept for later loads, {bytes} bytes")
                : $"the optimised graph was not kept: it alone takes more than the backend setting {GraphCacheOptions.SizeKey} allows");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or OperationCanceledException)
        {
            Warn(exception);
        }
    }

    private void Warn(Exception exception) =>
        context.Log.Warning($"the optimised graph was not kept: {EngineMessage.Read(exception.Message, Path.GetDirectoryName(modelFile)).Text}");

    private string? Key(CancellationToken cancellation)
    {
        if (_isOff || _key is not null)
        {
            return _key;
        }

        var reason = GraphKey.WhyNone(settings);
        try
        {
            _key = reason is null ? GraphKey.Of(files, modelFile, settings, cancellation) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            reason = EngineMessage.Clean(exception.Message, Path.GetDirectoryName(modelFile));
        }

        _isOff = _key is null;
        if (_isOff)
        {
            context.Log.Info($"no optimised graph is kept for the model: {reason}");
        }

        return _key;
    }
}
