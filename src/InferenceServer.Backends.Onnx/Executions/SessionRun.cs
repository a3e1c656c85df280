using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Adapters;
using InferenceServer.Backends.Onnx.Messages;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>The bindings of one run at a time over a session that others run too. Used by one thread at a time.</summary>
internal sealed class SessionRun : IDisposable
{
    private const string ShrinkageEntry = "memory.enable_memory_arena_shrinkage";

    private readonly InferenceSession _session;
    private readonly SessionSignature _signature;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _options;
    private readonly InputBinder _inputs;
    private readonly AdapterSet _adapters;
    private readonly PreparedRuns? _prepared;
    private readonly Action<OrtIoBinding, ExecutionBatch> _run;
    private readonly TensorShape[] _outputShapes;
    private readonly bool _hasDevice;

    /// <param name="session">What it runs on.</param>
    /// <param name="signature">What that takes and gives.</param>
    /// <param name="settings">What the configuration asks of it.</param>
    /// <param name="adapters">What requests may have put onto it.</param>
    /// <param name="hasDevice">True when inputs and outputs may have to be brought to a device and back.</param>
    public SessionRun(InferenceSession session, SessionSignature signature, SessionSettings settings, AdapterSet adapters, bool hasDevice)
    {
        _session = session;
        _hasDevice = hasDevice;
        _adapters = adapters;
        _signature = signature;

        // What goes wrong in a run is in the exception; the engine's log would only say it a second time.
        _options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        if (settings.ArenaShrinkage is { } arenas)
        {
            _options.AddRunConfigEntry(ShrinkageEntry, arenas);
        }

        _binding = session.CreateIoBinding();
        _inputs = new InputBinder(_binding);
        _run = Run;
        _outputShapes = new TensorShape[signature.Tensors.Outputs.Length];
        _prepared = hasDevice ? null : new PreparedRuns(session, signature);
    }

    /// <summary>For how many sets of shapes it has what an execution needs made in advance.</summary>
    internal int PreparedCount => _prepared?.Count ?? 0;

    /// <summary>Runs it once over the inputs of <paramref name="batch"/>, which gets the outputs.</summary>
    /// <exception cref="BackendException">The run failed; the next one may not.</exception>
    public void Execute(ExecutionBatch batch)
    {
        ThrowIfCancelled(batch);
        var isPlain = _prepared is not null && batch.Variant is null && AreAllRequested(batch);
        if (isPlain && _prepared!.Find(batch.Rows, batch.Inputs) is { } prepared && TryRun(prepared, batch))
        {
            return;
        }

        try
        {
            _inputs.Bind(batch.Inputs);
            if (batch.Variant is { } variant)
            {
                _adapters.Bind(variant, batch.Inputs, _binding);
            }

            if (BindOutputs(batch))
            {
                Run(_binding, batch);
                OutputCollector.Collect(_binding, _inputs, _signature, batch, _outputShapes);
                if (isPlain && _prepared!.WantsToLearn(batch.Rows))
                {
                    _prepared.Learn(batch.Rows, batch.Inputs, _outputShapes);
                }
            }
        }
        catch (OnnxRuntimeException exception)
        {
            ThrowIfCancelled(batch);
            var message = EngineMessage.Read(exception.Message, folder: null);
            throw new BackendException(message.Code, message.Text, exception);
        }
        finally
        {
            // The bindings count as owners: what stays bound stays allocated.
            _binding.ClearBoundInputs();
            _binding.ClearBoundOutputs();
            _inputs.Release();
        }
    }

    public void Dispose()
    {
        _prepared?.Dispose();
        _binding.Dispose();
        _options.Dispose();
    }

    private static void ThrowIfCancelled(ExecutionBatch batch)
    {
        if (batch.IsCancelled)
        {
            throw Cancelled(null);
        }
    }

    private static BackendException Cancelled(Exception? exception) => new(ErrorCode.Cancelled, "the execution was cancelled, since nobody waits for its result any more", exception);

    private bool BindOutputs(ExecutionBatch batch)
    {
        var any = false;
        foreach (var output in _signature.Outputs)
        {
            if (OutputCollector.IsWanted(output, batch))
            {
                _binding.BindOutputToDevice(output.Name, OrtMemoryInfo.DefaultInstance);
                any = true;
            }
        }

        return any;
    }

    private bool AreAllRequested(ExecutionBatch batch)
    {
        for (var i = 0; i < _outputShapes.Length; i++)
        {
            if (!batch.IsRequested(i))
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>False when it is to be run without: then it will say, too, what is wrong with it.</returns>
    private bool TryRun(PreparedRun prepared, ExecutionBatch batch)
    {
        try
        {
            if (prepared.TryRun(_run, batch))
            {
                return true;
            }
        }
        catch (OnnxRuntimeException) when (!batch.IsCancelled)
        {
            // Most likely an output whose shape depends on the elements of the inputs.
        }
        catch (OnnxRuntimeException exception)
        {
            throw Cancelled(exception);
        }

        _prepared!.Forbid();
        return false;
    }

    private void Run(OrtIoBinding binding, ExecutionBatch batch)
    {
        try
        {
            batch.WatchCancellation(static state => ((RunOptions)state!).Terminate = true, _options);
            if (_hasDevice)
            {
                binding.SynchronizeBoundInputs();
            }

            _session.RunWithBinding(_options, binding);
            if (_hasDevice)
            {
                binding.SynchronizeBoundOutputs();
            }
        }
        finally
        {
            // It waits for a call that is under way, so none touches the options after it.
            batch.UnwatchCancellation();
            _options.Terminate = false;
        }
    }
}
