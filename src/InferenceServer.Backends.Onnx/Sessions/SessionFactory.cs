using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Onnx.Graphs;
using InferenceServer.Backends.Onnx.Messages;
using InferenceServer.Backends.Onnx.Providers;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>Makes the sessions of one version, for each place where instances run.</summary>
internal sealed class SessionFactory(ModelLoadContext context, string file, SessionSettings settings, OnnxEnvironment environment, IProviders providers, SessionLog log, GraphCache? graphs)
{
    private const string Advice = $"to serve on the CPU instead, set the parameter '{ProviderSettingsReader.FallbackKey}' to 'cpu'";

    /// <summary>Where an instance's session runs.</summary>
    public SessionPlace PlaceOf(InstancePlacement placement) => new(
        placement.Kind == InstanceKind.Gpu ? placement.DeviceId : null,
        placement.Processors,
        settings.Providers.Groups.ContainsKey(placement.Group) ? placement.Group : null);

    /// <summary>Checks that the providers of an instance can be had, without making anything.</summary>
    /// <exception cref="BackendException">One cannot, and the configuration allows no other; the message says what to install.</exception>
    public void Check(InstancePlacement placement) => Choose(placement, _ => { });

    /// <summary>True when an instance's session may run on more than the processor.</summary>
    public bool HasDevice(InstancePlacement placement) => HasOthers(Choose(placement, _ => { }));

    /// <exception cref="BackendException">The session cannot be made; the message says why and what to do.</exception>
    public InferenceSession Create(InstancePlacement placement, CancellationToken cancellation)
    {
        var chosen = Choose(placement, context.Log.Warning);
        try
        {
            return Create(placement, chosen, cancellation);
        }
        catch (OnnxRuntimeException exception) when (HasOthers(chosen) && settings.Providers.Of(placement.Group).FallsBack && !cancellation.IsCancellationRequested)
        {
            var session = Create(placement, [], cancellation);
            context.Log.Warning($"{AskerOf(placement)} {NamesOf(chosen)}, which cannot be used; it runs on the CPU instead: {MessageOf(exception).Text}");
            return session;
        }
    }

    /// <summary>What the failure of a session comes to.</summary>
    public BackendException Explain(OnnxRuntimeException exception, InstancePlacement placement)
    {
        if (UncarriedTypes.FindIn(exception.Message) is { } type)
        {
            return new BackendException(
                ErrorCode.Unsupported,
                $"'{Path.GetFileName(file)}' has an input or output of the type {type}, which no protocol can carry; put a Cast to another type there",
                exception);
        }

        var chosen = Choose(placement, _ => { });
        var text = MessageOf(exception).Text;
        return HasOthers(chosen)
            ? new BackendException(ErrorCode.Unavailable, $"'{Path.GetFileName(file)}' cannot be loaded for {NamesOf(chosen)}: {text}; {NeedsOf(chosen)}; {Advice}", exception)
            : new BackendException(ErrorCode.Internal, $"'{Path.GetFileName(file)}' cannot be loaded: {text}", exception);
    }

    private static bool HasOthers(ImmutableArray<ExecutionProvider> chosen) => chosen.Any(static one => one.Kind != ProviderKind.Cpu);

    private static string NamesOf(ImmutableArray<ExecutionProvider> chosen) => string.Join(", ", chosen.Select(static one => one.Kind.Name));

    private static string NeedsOf(ImmutableArray<ExecutionProvider> chosen) => string.Join("; ", chosen.Where(static one => one.Kind != ProviderKind.Cpu).Select(static one => $"{one.Kind.Name} needs {one.Kind.Needs}"));

    private string AskerOf(InstancePlacement placement) =>
        placement.Kind == InstanceKind.Gpu ? FormattableString.Invariant($"instance '{placement.Name}' asks for GPU {placement.DeviceId} and so for") : $"instance '{placement.Name}' asks for";

    private EngineMessage MessageOf(OnnxRuntimeException exception) => EngineMessage.Read(exception.Message, Path.GetDirectoryName(file));

    private ImmutableArray<ExecutionProvider> Choose(InstancePlacement placement, Action<string> warn)
    {
        var wanted = settings.Providers.Of(placement.Group).For(PlaceOf(placement).Gpu);
        var choice = ProviderChoice.Of(wanted, providers.Available, AskerOf(placement));
        if (choice.Missing is { } missing)
        {
            if (!settings.Providers.Of(placement.Group).FallsBack)
            {
                throw new BackendException(ErrorCode.Unsupported, $"{missing}; {Advice}{(placement.Kind == InstanceKind.Gpu ? ", or use the kind KIND_CPU" : "")}");
            }

            warn($"{missing}; it runs on {(choice.Usable.IsEmpty ? "the CPU" : NamesOf(choice.Usable))} instead");
        }

        return choice.Usable;
    }

    private InferenceSession Create(InstancePlacement placement, ImmutableArray<ExecutionProvider> chosen, CancellationToken cancellation)
    {
        using var change = NativeHeap.BeginChange();

        // What other providers make of a graph is their own affair: some compile it, and the engine then refuses to write it.
        return graphs is null || HasOthers(chosen) ? Open(file, static _ => { }) : graphs.Open(Open, cancellation);

        InferenceSession Open(string from, Action<SessionOptions> adapt) => Make(from, placement, chosen, adapt, cancellation);
    }

    private InferenceSession Make(string from, InstancePlacement placement, ImmutableArray<ExecutionProvider> chosen, Action<SessionOptions> adapt, CancellationToken cancellation)
    {
        using var options = settings.ToOptions(context.ProcessorCount, environment.HasSharedThreads, log.Id, placement.Processors);
        using (cancellation.UnsafeRegister(static state => ((SessionOptions)state!).SetLoadCancellationFlag(true), options))
        {
            foreach (var provider in chosen)
            {
                providers.Append(options, provider);
            }

            adapt(options);
            return new InferenceSession(from, options);
        }
    }
}
