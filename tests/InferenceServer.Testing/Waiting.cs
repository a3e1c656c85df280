using System.Runtime.CompilerServices;
using Xunit;

namespace InferenceServer.Testing;

/// <summary>For what comes when it comes, and tells nobody.</summary>
public static class Waiting
{
    /// <summary>Looks again and again, until it is so.</summary>
    /// <param name="condition">What must come.</param>
    /// <param name="patience">For how long; <see cref="TestTimeouts.Phase"/> where nothing is said.</param>
    /// <param name="what">What the failure says, which is the source of the condition.</param>
    public static Task UntilAsync(Func<bool> condition, TimeSpan? patience = null, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        UntilAsync(() => Task.FromResult(condition()), TimeSpan.FromMilliseconds(2), patience, what);

    /// <summary>Asks again and again, until it is so.</summary>
    /// <inheritdoc cref="UntilAsync(Func{bool}, TimeSpan?, string)"/>
    public static Task UntilAsync(Func<Task<bool>> condition, TimeSpan? patience = null, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        UntilAsync(condition, TimeSpan.FromMilliseconds(20), patience, what);

    private static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan pause, TimeSpan? patience, string what)
    {
        var until = DateTime.UtcNow + (patience ?? TestTimeouts.Phase);
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < until, $"it did not come to this: {what}");
            await Task.Delay(pause, TestContext.Current.CancellationToken);
        }
    }
}
