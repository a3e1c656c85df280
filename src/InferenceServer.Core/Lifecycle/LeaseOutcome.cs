using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What became of the wish to use a model: a lease, or why there is none.</summary>
public readonly struct LeaseOutcome
{
    private readonly ModelLease? _lease;
    private readonly InferenceError? _error;

    private LeaseOutcome(ModelLease? lease, InferenceError? error)
    {
        _lease = lease;
        _error = error;
    }

    /// <summary>A version is there. The lease is the caller's.</summary>
    public static LeaseOutcome Success(ModelLease lease) => new(lease, null);

    /// <summary>There is none.</summary>
    public static LeaseOutcome Failure(InferenceError error) => new(null, error);

    /// <summary>Tells the two apart.</summary>
    public bool TryGet([NotNullWhen(true)] out ModelLease? lease, [NotNullWhen(false)] out InferenceError? error)
    {
        lease = _lease;
        error = _error;
        return _lease is not null;
    }
}
