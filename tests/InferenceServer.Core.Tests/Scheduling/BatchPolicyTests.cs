using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

public sealed class BatchPolicyTests
{
    private const long Now = 10_000;

    public static TheoryData<int[], int, int[], long, long, bool, bool, bool, int, ReleaseReason> Cases => new()
    {
        // rows, max, preferred, delay, oldest waits for, next too large, next incompatible, draining -> requests, reason
        { [1], 8, [], 0, 0, false, false, false, 1, ReleaseReason.LaneIdle },
        { [1, 2, 3], 8, [], 0, 0, false, false, false, 3, ReleaseReason.LaneIdle },
        { [4, 4], 8, [], 0, 0, false, false, false, 2, ReleaseReason.Full },
        { [5], 8, [], 0, 0, true, false, false, 1, ReleaseReason.Full },
        { [5], 8, [], 0, 0, false, true, false, 1, ReleaseReason.ShapeMismatch },
        { [1], 8, [], 100, 99, false, false, false, 0, default },
        { [1], 8, [], 100, 100, false, false, false, 1, ReleaseReason.DelayExpired },
        { [1, 1], 8, [], 100, 500, false, false, false, 2, ReleaseReason.DelayExpired },
        { [1, 1, 1], 8, [2], 100, 0, false, false, false, 2, ReleaseReason.Preferred },
        { [1, 1, 1, 1, 1], 8, [2, 4], 100, 0, false, false, false, 4, ReleaseReason.Preferred },
        { [3, 3], 8, [4], 100, 0, false, false, false, 0, default },
        { [3, 3], 8, [4], 0, 0, false, false, false, 2, ReleaseReason.LaneIdle },
        { [8], 8, [4], 100, 0, false, false, false, 1, ReleaseReason.Full },
        { [1], 8, [], 100, 0, false, true, false, 1, ReleaseReason.ShapeMismatch },
        { [1], 8, [], 100, 0, false, false, true, 1, ReleaseReason.Drain },
        { [1], 1, [], 0, 0, false, false, false, 1, ReleaseReason.Full },
        { [], 8, [], 100, 0, false, false, false, 0, default },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decide_Always_GivesTheDocumentedDecision(
        int[] rows, int max, int[] preferred, long delay, long age, bool tooLarge, bool incompatible, bool draining, int requests, ReleaseReason reason)
    {
        var head = new QueueHead { Rows = rows, IsNextTooLarge = tooLarge, IsNextIncompatible = incompatible, OldestTimestamp = Now - age, IsDraining = draining };
        var decision = BatchPolicy.Decide(head, new BatchLimits(max, [.. preferred], delay), Now);
        Assert.Equal(requests, decision.Requests);
        if (requests > 0)
        {
            Assert.Equal(reason, decision.Reason);
        }
        else
        {
            Assert.Equal(rows.Length == 0 ? BatchDecision.Never : Now - age + delay, decision.WaitUntil);
        }
    }
}
