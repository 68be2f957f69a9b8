"""The code samples of the documents, as they are printed there; the page has lost their indentation in part."""

QUICK_START = """
# Get task service instance
taskSvc = app.getElement("services.TaskSvc")

# Get task template list
templates = taskSvc.getTaskTmplList("")

# Create scheduled task
result = taskSvc.createTimerTask(
fullName="tasks.MyTask",
startTime="2024-01-01 10:00:00",
funcName="executeTask",
taskType="tasks.NormalType",
argDict={"param1": "value1"}
)
"""

TEMPLATE_LIST = """
taskSvc = app.getElement("services.TaskSvc")

# Get all task templates
all_templates = taskSvc.getTaskTmplList("")

# Filter task templates by name
filtered_templates = taskSvc.getTaskTmplList("Data Backup")

# Process returned results
for template in all_templates:
    print(f"Template name: {template['title']}")
    print(f"Task type: {template['taskType']}")
    print(f"Repeat type: {template['repeatType']}")
    print(f"Full path: {template['fullName']}")
"""

CREATE_SCHEDULED_TASK = """
from datetime import datetime, timedelta

taskSvc = app.getElement("services.TaskSvc")

# Create task to execute in 1 hour
future_time = datetime.now() + timedelta(hours=1)

result = taskSvc.createTimerTask(
fullName="tasks.DataBackup",
startTime=future_time.strftime("%Y-%m-%d %H:%M:%S"),
funcName="services.BackupSvc.backupDatabase",
taskType="tasks.NormalType",
argDict={
"database": "main_db",
"backup_path": "/backup/",
"compress": True
}
)

print(f"Task creation result: {result}")
"""

FORCE_END = """
taskSvc = app.getElement("services.TaskSvc")

# Force end specified task
result = taskSvc.forcedEnd("task_uuid_12345")

print(f"Task force end result: {result}")
"""

SAVE_CALLBACK = """
# Usually used in model events
def onModelUpdate(rowObj):
    taskSvc = app.getElement("services.TaskSvc")

    # Handle date field task
    result = taskSvc.saveDateFieldTask(rowObj)

    return result
"""

DELETE_CALLBACK = """
# Usually used in model events
def onModelDelete(rowObj):
    taskSvc = app.getElement("services.TaskSvc")

    # Clean up related tasks
    result = taskSvc.deleteDateFieldTask(rowObj)

    return result
"""

LIFECYCLE = """
taskSvc = app.getElement("services.TaskSvc")

# 1. Get available templates
templates = taskSvc.getTaskTmplList("")

# 2. Create task based on template
if templates:
    template = templates[0]
    result = taskSvc.createTimerTask(
    fullName=template['fullName'],
    startTime="2024-12-01 09:00:00",
    funcName="services.BusinessSvc.processData",
    taskType=template['taskType'],
    argDict={"batch_size": 100}
    )

    # 3. Force terminate task if needed
    # taskSvc.forcedEnd("task_id")
"""

MODEL_EVENTS = '''
# Used in model lifecycle functions
def afterSave(self, triggerEvent=1):
    """Trigger task service after model save"""
    taskSvc = app.getElement("services.TaskSvc")

    # Construct row object
    rowObj = {
    'postData': self, # Updated data
    'prevData': self._original_data # Pre-update data (needs to be maintained manually)
    }

    # Trigger date field task processing
    return taskSvc.saveDateFieldTask(rowObj)

def afterDelete(self, triggerEvent=1):
    """Clean up related tasks after model delete"""
    taskSvc = app.getElement("services.TaskSvc")

    rowObj = {
    'prevData': self # Deleted data
    }

    # Clean up related tasks
    return taskSvc.deleteDateFieldTask(rowObj)
'''

BATCH = """
taskSvc = app.getElement("services.TaskSvc")

# Batch create a group of related tasks
task_configs = [
{
"fullName": "tasks.DataSync",
"startTime": "2024-12-01 01:00:00",
"funcName": "services.SyncSvc.syncUserData",
"taskType": "tasks.NormalType",
"argDict": {"table": "users"}
},
{
"fullName": "tasks.DataSync",
"startTime": "2024-12-01 02:00:00",
"funcName": "services.SyncSvc.syncOrderData",
"taskType": "tasks.NormalType",
"argDict": {"table": "orders"}
}
]

# Batch create tasks
results = []
for config in task_configs:
    result = taskSvc.createTimerTask(**config)
    results.append(result)

print(f"Batch created {len(results)} tasks")
"""

TEMPORARY_TASK = """
from tasks.TemporaryType.task import createTemporaryTask
from jit_utils.time import now

def create_order(user_id, items):
    # 1. 创建订单逻辑...
    order_id = "ORD_123456"
    
    # 2. 计算 30 分钟后的时间
    # use arrow or jit_utils
    exec_time = now().shift(minutes=30).format("YYYY-MM-DD HH:mm:ss")
    
    # 3. 创建延时检查任务
    task_id = createTemporaryTask(
        func="services.OrderSvc.checkAndCancel",
        argDict={
            "orderId": order_id,
            "reason": "timeout"
        },
        startTime=exec_time
    )
    
    print(f"订单创建成功，延时任务已生成: {task_id}")
    return order_id
"""  # noqa: RUF001, W293  # as printed
