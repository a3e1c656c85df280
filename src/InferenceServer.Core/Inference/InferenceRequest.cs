using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Ensembles;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Routing;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Inference;

/// <summary>
/// One request as a front end has read it. It owns its tensors and its lease; whoever holds it disposes it, and handing it to
/// <see cref="IInferenceEngine.InferAsync"/> hands that duty over too.
/// </summary>
public sealed class InferenceRequest : IDisposable
{
    private const int MaxReserved = 16;

    private readonly List<TensorView> _inputs;
    private Dictionary<string, ParameterValue>? _parameters;
    private List<string>? _requestedOutputs;
    private ModelLease? _lease;
    private MemberLeases? _members;

    /// <summary>Makes an empty request for a model; takes the lease over.</summary>
    public InferenceRequest(ModelLease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        _lease = lease;

        // As many as most requests will have: the entries are large.
        _inputs = new List<TensorView>(Math.Min(lease.Model.Config.Inputs.Length, MaxReserved));
        Pass = lease.Pass;
    }

    /// <summary>The client's id, echoed in the response; empty when it gave none.</summary>
    public string Id { get; set; } = "";

    /// <summary>The model that is to run.</summary>
    public ModelLease Lease => _lease ?? throw new ObjectDisposedException(nameof(InferenceRequest));

    /// <summary>The inputs in the order in which they came. Names may still be wrong or come twice: the engine checks.</summary>
    public IReadOnlyList<TensorView> Inputs => _inputs;

    /// <summary>The outputs that the client wants, in its order; empty for all.</summary>
    public List<string> RequestedOutputs => _requestedOutputs ??= [];

    /// <summary>The request's parameters, by name.</summary>
    public Dictionary<string, ParameterValue> Parameters => _parameters ??= [];

    /// <summary>True when there are parameters: most requests have none, and nothing is made for them then.</summary>
    internal bool HasParameters => _parameters is { Count: > 0 };

    /// <summary>True when the client has said which outputs it wants.</summary>
    internal bool HasRequestedOutputs => _requestedOutputs is { Count: > 0 };

    /// <summary>When the client stops waiting; null when it waits for ever.</summary>
    public DateTimeOffset? Deadline { get; set; }

    /// <summary>How long the client waits from the moment in which the engine gets the request; null when it does not say so.</summary>
    public TimeSpan? TimeLimit { get; set; }

    /// <summary>True when the cancellation that goes with the request is signalled at its deadline too, so that nobody else has to watch the clock.</summary>
    public bool IsDeadlineWatched { get; set; }

    /// <summary>What is known of the client's request, which stays the front end's; null for one that comes from within.</summary>
    public RequestRecord? Record { get; init; }

    /// <summary>True for a step of an ensemble and for a copy: who sends it has other things to do than to run it.</summary>
    internal bool IsErrand { get; init; }

    /// <summary>By which way it has come.</summary>
    internal RequestProtocol Protocol => Record?.Protocol ?? RequestProtocol.Internal;

    /// <summary>The request's trace, which stays the front end's; null when it is not traced.</summary>
    public RequestTrace? Trace { get; set; }

    /// <summary>The <c>traceparent</c> that came with the request, as it came; null for none.</summary>
    public string? TraceParent { get; set; }

    /// <summary>The alias that the request came by; null when it named its model.</summary>
    internal AliasPass? Pass { get; }

    /// <summary>True for the request of a step: the request that it belongs to has been accepted, and a server that stops lets it finish.</summary>
    internal bool IsStep { get; init; }

    /// <summary>Has the request hold the versions that it leads to; takes them over.</summary>
    internal MemberLeases HoldMembers(MemberLeases members) => _members = members;

    /// <summary>The versions that the request leads to, where it is one to an ensemble and holds them; they stay the request's.</summary>
    internal MemberLeases? Members => _members;

    /// <summary>Adds an input; takes over the count that the view holds.</summary>
    public void AddInput(in TensorView input) => _inputs.Add(input);

    /// <summary>Releases the tensors and the lease.</summary>
    public void Dispose()
    {
        ReleaseInputs();
        _lease?.Dispose();
        _lease = null;
    }

    /// <summary>Takes the versions out that the request leads to; null where it holds none. Its client may go meanwhile.</summary>
    internal MemberLeases? DetachMembers() => Interlocked.Exchange(ref _members, null);

    /// <summary>Releases the tensors, and what it was to lead to: nothing reads them after the model has run.</summary>
    internal void ReleaseInputs()
    {
        DetachMembers()?.Dispose();
        foreach (var input in _inputs)
        {
            input.Dispose();
        }

        _inputs.Clear();
    }

    /// <summary>Gives the inputs another order and other views of the same memory; the counts stay with the request.</summary>
    internal void ReplaceInputs(ReadOnlySpan<TensorView> inputs)
    {
        _inputs.Clear();
        _inputs.AddRange(inputs);
    }

    /// <summary>Has another version run it; takes the lease over.</summary>
    internal void ReplaceLease(ModelLease lease)
    {
        _lease?.Dispose();
        _lease = lease;
    }

    /// <summary>Takes the lease out, for the response to own.</summary>
    internal ModelLease DetachLease()
    {
        var lease = Lease;
        _lease = null;
        return lease;
    }
}
