using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Access;

/// <summary>Counts the requests that were refused for who asked, wherever that was found out, from any number of threads.</summary>
public sealed class AccessRefusals
{
    private long _unauthenticated;
    private long _forbidden;
    private long _limited;
    private long _undecided;

    /// <summary>Nobody knows who asked.</summary>
    public long Unauthenticated => Interlocked.Read(ref _unauthenticated);

    /// <summary>It is known, and he may not.</summary>
    public long Forbidden => Interlocked.Read(ref _forbidden);

    /// <summary>He may, but not so much at once.</summary>
    public long Limited => Interlocked.Read(ref _limited);

    /// <summary>It could not be found out.</summary>
    public long Undecided => Interlocked.Read(ref _undecided);

    /// <summary>A request has been refused.</summary>
    /// <param name="code">What it was answered with.</param>
    public void Count(ErrorCode code)
    {
        switch (code)
        {
            case ErrorCode.Unauthenticated:
                Interlocked.Increment(ref _unauthenticated);
                break;
            case ErrorCode.ResourceExhausted:
                Interlocked.Increment(ref _limited);
                break;
            case ErrorCode.Unavailable:
                Interlocked.Increment(ref _undecided);
                break;
            default:
                Interlocked.Increment(ref _forbidden);
                break;
        }
    }
}
